"""Passes: named, small, and each leaves the net computing what it computed before.

A pass proves that a change is exact, or declines: `require(condition, "why not")`.  Both end in the
journal, with the name of the node, so that a user can read what was done to his net, and why something else
was not.
"""

import logging
from dataclasses import dataclass

from protonet.proto import caffe_pb2

log = logging.getLogger(__name__)


class Skip(Exception):
    """This node must be left alone; says why."""


def require(ok, why):
    if not ok:
        raise Skip(why)


@dataclass(frozen=True)
class Note:
    """What a pass did to a node, or why it did not."""

    step: str
    node: str
    done: bool
    text: str

    def __str__(self):
        return f"{self.node}: {self.text}" if self.done else f"{self.node} stays: {self.text}"


class Journal:
    """All notes of a compilation, in order.  The same refusal is noted once."""

    def __init__(self):
        self.notes: list[Note] = []

    def did(self, step, node, text):
        self.add(Note(step, str(node), True, text))

    def declined(self, step, node, why):
        self.add(Note(step, str(node), False, str(why)))

    def add(self, note):
        if note not in self.notes:
            log.info("%s: %s", note.step, note)
            self.notes.append(note)

    @property
    def done(self):
        return [note for note in self.notes if note.done]

    @property
    def left(self):
        return [note for note in self.notes if not note.done]


class Pass:
    """Changes a graph in place; `run` returns how many changes it made."""

    @property
    def name(self):
        return type(self).__name__

    def run(self, graph, journal=None) -> int:
        raise NotImplementedError


class Rewrite(Pass):
    """Offers each node of certain types (all, if none are named) to `rewrite`.

    That changes the graph and says what it did ("" if that is not worth a note), or returns None if there
    is nothing to do, or raises Skip before it has changed anything.
    """

    types: tuple[str, ...] = ()

    def rewrite(self, graph, node) -> str | None:
        raise NotImplementedError

    def run(self, graph, journal=None):
        journal = Journal() if journal is None else journal
        done = 0
        for node in list(graph.nodes):
            if (self.types and node.type not in self.types) or node not in graph.nodes:
                continue
            try:
                text = self.rewrite(graph, node)
            except Skip as why:
                journal.declined(self.name, node, why)
                continue
            if text is None:
                continue
            graph.verify()
            done += 1
            if text:
                journal.did(self.name, node, text)
        return done


def understood(node, fields):
    """Decline a layer that says more than this: forks put other work into layers, a ReLU or rounding."""
    for field, value in node.spec.ListFields():
        said = field.name not in fields.split() and (field.message_type or value != field.default_value)
        require(not said, f"what {field.name} does in {node} is not known here")


def changed(layer, **fields):
    """The same layer with other fields in its *_param: a new one, since graphs share layers."""
    param = caffe_pb2.LayerParameter()
    param.CopyFrom(layer.param)
    spec = getattr(param, layer.spec_field)
    for field, value in fields.items():
        setattr(spec, field, value)
    return remade(layer, param)


def remade(layer, param):
    """The layer that `param` means instead."""
    new = type(layer)(param, layer.phase)
    new.folder = layer.folder
    return new
