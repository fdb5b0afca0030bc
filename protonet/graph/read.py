"""From a file to the layers of one phase: parse, upgrade, filter.  Both readings of a net, Net and Graph, begin so."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protonet.errors import ProtonetError
from protonet.graph import resolve
from protonet.proto import caffe_pb2
from protonet.prototxt import parse, upgrade

log = logging.getLogger(__name__)


@dataclass
class Definition:
    """A net as written, for one phase.  places[i] says where layer i of `net` stands: "file:line:col: layer 'x'"."""

    net: Any
    state: Any
    places: list[str]
    path: Path | None = None
    warnings: tuple[str, ...] = ()

    @property
    def phase(self):
        return self.state.phase


def read(source, phase=None, level=0, stages=(), ignore_unknown=False, state=None) -> Definition:
    """source: a path, a Document, or a NetParameter (which is not changed); a Definition is one already.

    `state` (a NetState) overrides phase, level and stages; without either, the net's own state decides, else TEST.
    """
    if isinstance(source, Definition):
        return source
    document = source
    if isinstance(source, str | Path):
        document = parse.load(source, "NetParameter", ignore_unknown)
        for warning in document.warnings:
            log.warning("%s", warning)
    message = getattr(document, "message", document)
    net = caffe_pb2.NetParameter()
    net.CopyFrom(message)
    path = getattr(document, "path", None)
    try:
        origins = upgrade.upgrade_net(net)
    except ProtonetError as error:
        raise error.at(path or "the net") from None
    state = merged(net, phase, level, stages, state)
    places = [where(document, origin, layer.name) for origin, layer in zip(origins, net.layer, strict=True)]
    kept_net, kept = resolve.filter_net(net, state, places)
    kept_net.state.CopyFrom(state)
    return Definition(
        kept_net,
        state,
        [places[i] for i in kept],
        Path(path) if path else None,
        tuple(getattr(document, "warnings", ())),
    )


def merged(net, phase, level, stages, state):
    """The state to filter by: all of `state`, or else the file's own and what the caller says over it, as in Caffe."""
    result = caffe_pb2.NetState()
    result.CopyFrom(net.state)
    if state is not None:
        result.CopyFrom(state)
        return result
    if phase is not None:
        result.phase, result.level = phase, level  # a level is always given with a phase, and wins over the file's
    elif level:
        result.level = level
    result.stage.extend(stages)
    return result


def where(document, origin, name):
    """The place of a layer: line and column where the document knows them."""
    label = f"layer '{name}'"
    if origin is None or not hasattr(document, "place"):
        return label
    return f"{document.place(origin)}: {label}"
