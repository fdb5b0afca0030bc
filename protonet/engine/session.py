"""A plan at one set of input shapes, and the memories that runs of it take in turn."""

from collections import deque
from threading import Lock

import numpy as np

from protonet.engine import chains, dense, elementwise, joining, layerwise, pooling  # noqa: F401  (their builders)
from protonet.engine.memory import piece
from protonet.engine.plan import planned
from protonet.runtime import plan as planning
from protonet.runtime.execute import Program as Steps


class Plan:
    """A program at one set of input shapes: its steps, and one or more memories to run them in."""

    def __init__(self, graph, constants, threads, exact):
        self.planner, self.constants = planned(graph, constants, exact), constants
        self.planner.ops = chains.link(self.planner.ops, set(self.planner.outputs.values()))
        self.steps = self.planner.steps()
        self.places = planning.packed(self.steps)
        self.threads, self.lock = threads, Lock()
        self.idle: deque[Memory] = deque()
        self.inputs = {value.name: cell for value, cell in self.planner.inputs.items()}
        self.cells = {value.name: cell for value, cell in self.planner.outputs.items()}
        self.outputs = {name: cell.shape for name, cell in self.cells.items()}
        self.idle.append(Memory(self))

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
    """What one run at a time needs.  Kernels read inputs where the caller has them: addresses go into the table."""

    def __init__(self, plan):
        arena = piece(plan.places.sizes["arena"])
        self.steps = Steps(plan.steps, plan.places, plan.threads, arena=arena)
        buffers = [cell.buffer for cell in plan.inputs.values()]
        hosts = {buffer for step in plan.steps if step.host for buffer in step.buffers}
        self.slots = [slot for i, buffer in enumerate(buffers) for slot in self.uses(i, buffer)]
        self.copies = [(i, self.steps.array(buffer)) for i, buffer in enumerate(buffers) if buffer in hosts]
        drawn = plan.planner.random in plan.places.place
        self.random, self.constants = self.steps.array(plan.planner.random) if drawn else None, plan.constants
        self.results = {name: self.steps.array(cell.buffer.seen(*cell.shape)) for name, cell in plan.cells.items()}

    def uses(self, i, buffer):
        """(i, word of the table that holds an address in this buffer, how far from its start)."""
        if buffer not in self.steps.plan.place:
            return []
        far = self.steps.table - self.steps.array(buffer).ctypes.data
        words = np.flatnonzero((far >= 0) & (far < buffer.nbytes))
        return [(i, int(word), int(far[word])) for word in words]

    def run(self, arrays):
        places = [array.__array_interface__["data"][0] for array in arrays]
        for i, word, far in self.slots:
            self.steps.table[word] = places[i] + far
        for i, copy in self.copies:
            copy[...] = arrays[i]
        if self.random is not None:
            self.random[:] = self.constants.seed, next(self.constants.runs)
        self.steps.run()
        return {name: array.copy() for name, array in self.results.items()}
