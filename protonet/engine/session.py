"""A plan at one set of input shapes, and the memories that runs of it take in turn."""

import ctypes
from collections import deque
from threading import Lock

import numpy as np

from protonet.engine import chains, deconvolution, dense, elementwise, first, joining, layerwise, pooling, volume  # noqa: F401
from protonet.engine.memory import piece
from protonet.engine.plan import planned
from protonet.runtime import plan as planning
from protonet.runtime.execute import Program as Steps


def lowered(graph, constants, exact=False, tune=None):
    """(planner, steps, places) for a graph: all that a plan consists of but memory and code."""
    planner = planned(graph, constants, exact, tune)
    planner.ops = chains.link(planner.ops, set(planner.outputs.values()))
    steps = planner.steps()
    return planner, steps, planning.packed(steps)


class Plan:
    """A program at one set of input shapes: its steps, and one or more memories to run them in.

    fed: {input: buffer}; made: {output: (buffer, shape)}; random: the buffer of what random draws come from.
    """

    planner = None  # of a plan that was made here

    def __init__(self, steps, places, fed, made, random, constants, threads):
        self.steps, self.places, self.fed, self.made, self.random = steps, places, fed, made, random
        self.constants, self.threads, self.lock = constants, threads, Lock()
        self.outputs = {name: shape for name, (_, shape) in made.items()}
        self.idle: deque[Memory] = deque([Memory(self)])

    @classmethod
    def of(cls, graph, constants, threads, exact, tune=None):
        """The plan for a graph."""
        planner, steps, places = lowered(graph, constants, exact, tune)
        fed = {value.name: cell.buffer for value, cell in planner.inputs.items()}
        made = {value.name: (cell.buffer, cell.shape) for value, cell in planner.outputs.items()}
        plan = cls(steps, places, fed, made, planner.random, constants, threads)
        plan.planner = planner
        return plan

    def hosts(self):
        """Whether it calls Python."""
        return any(step.host for step in self.steps)

    def run(self, arrays):
        try:
            memory = self.idle.pop()
        except IndexError:
            with self.lock:
                memory = Memory(self)
        try:
            return memory.run(arrays)
        finally:
            self.idle.append(memory)


class Memory:
    """What one run at a time needs.  Kernels read inputs where the caller has them: addresses go into the table.

    After a run of a net nothing of Python is in the caches, and what is a microsecond otherwise takes tens of them.
    """

    def __init__(self, plan):
        arena = piece(plan.places.sizes["arena"])
        self.steps = Steps(plan.steps, plan.places, plan.threads, arena=arena)
        buffers = list(plan.fed.values())
        hosts = {buffer for step in plan.steps if step.host for buffer in step.buffers}
        self.words = memoryview(self.steps.table)
        self.slots = [slot for i, buffer in enumerate(buffers) for slot in self.uses(i, buffer)]
        self.copies = [(i, self.steps.array(buffer)) for i, buffer in enumerate(buffers) if buffer in hosts]
        drawn = plan.random in plan.places.place
        self.random, self.constants = self.steps.array(plan.random) if drawn else None, plan.constants
        self.results = {name: self.steps.array(buffer.seen(*shape)) for name, (buffer, shape) in plan.made.items()}

    def uses(self, i, buffer):
        """(i, word of the table that holds an address in this buffer, how far from its start)."""
        if buffer not in self.steps.plan.place:
            return []
        far = self.steps.table - self.steps.array(buffer).ctypes.data
        words = np.flatnonzero((far >= 0) & (far < buffer.nbytes))
        return [(i, int(word), int(far[word])) for word in words]

    def run(self, arrays):
        for i, word, far in self.slots:
            self.words[word] = address(arrays[i]) + far
        for i, copy in self.copies:
            copy[...] = arrays[i]
        if self.random is not None:
            self.random[:] = self.constants.seed, next(self.constants.runs)
        self.steps.run()
        return {name: array.copy() for name, array in self.results.items()}


def address(array):
    """Where the numbers of a contiguous array lie."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # half the time of the other
    except (TypeError, ValueError):  # it cannot be written to, or is empty
        return array.__array_interface__["data"][0]
