"""What memory a program takes, in the parts that one may ask about.

parameters   the net's, as its files have them: for input shapes yet to come; none where they lie in a mapped file
weights      as kernels read them: packed, transformed for Winograd, filled up to whole vectors
live         values between layers that must be there at one time, at most
workspace    what kernels have besides: scratch at the fullest step, a piece for each thread, outputs, the tables
arena        where values and scratch lie: live and scratch together, and what placing them wastes
"""

from dataclasses import dataclass

import numpy as np

from protonet.runtime.limit import readable
from protonet.runtime.plan import lifetimes, up


@dataclass(frozen=True)
class Footprint:
    """In bytes."""

    parameters: int
    weights: int
    live: int
    workspace: int
    arena: int
    rest: int  # of the workspace: what lies outside the arena

    @property
    def taken(self):
        """All that is allocated."""
        return self.parameters + self.weights + self.arena + self.rest

    @property
    def needed(self):
        """All that there is a reason for."""
        return self.parameters + self.weights + self.live + self.workspace

    def __str__(self):
        said = {"parameters": "parameters", "weights": "packed weights", "live": "largest live set"}
        said |= {"workspace": "workspace", "arena": "arena"}
        parts = ", ".join(f"{text} {readable(getattr(self, name))}" for name, text in said.items())
        share = f"{self.taken / max(self.needed, 1):.3f} of weights, live set and workspace"
        return f"memory {readable(self.taken)}, {share}: {parts}"


def footprint(program):
    """Of a program with the plans it has; what dynamic layers allocate in Python is not known."""
    found = [of_plan(plan) for plan in program.plans]
    kept = {buffer.memory.ctypes.data: buffer.nbytes for plan in program.plans for buffer in constants(plan)}
    blobs = {id(b): b.nbytes for node in program.graph.nodes for b in node.blobs if not mapped(b)}
    sums = [sum(each) for each in zip(*found, strict=True)] if found else [0, 0, 0, 0]
    return Footprint(sum(blobs.values()), sum(kept.values()), *sums)


def mapped(array):
    """Whether it lies in a file, from which the system reads what is asked for."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


def constants(plan):
    """The buffers that hold weights and tables."""
    return {buffer for step in plan.steps for buffer in step.buffers if buffer.memory is not None}


def of_plan(plan):
    """(live, workspace, arena, rest) of a plan and its memories."""
    lives, place = lifetimes(plan.steps), plan.places.place
    scratch = [0] * (len(plan.steps) + 1)
    at: list[dict] = [{} for _ in scratch]  # {place: bytes} by step
    for buffer, (first, last) in lives.items():
        kind, offset = place.get(buffer, ("", 0))
        if kind == "arena":
            for i in range(max(first, 0), last + 1):
                at[i][offset] = max(at[i].get(offset, 0), up(buffer.nbytes))
                scratch[i] += up(buffer.nbytes) if buffer.kind == "scratch" else 0
    full = max(sum(each.values()) for each in at)
    live = max(sum(each.values()) - besides for each, besides in zip(at, scratch, strict=True))
    sizes, memory = plan.places.sizes, plan.idle[0].steps
    rest = sizes["io"] + sizes["fault"] + memory.table.nbytes + memory.private.nbytes + memory.job.nbytes
    n = len(plan.idle)
    return n * live, n * (full - live + rest), n * sizes["arena"], n * rest
