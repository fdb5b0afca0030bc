"""What each layer takes, of a net by its exact plan, of a training step, or of a program: steps are timed one by one.

A step belongs to the layer that emitted it; a layer that was fused into another, or that costs nothing, has no line.
Bytes are those of the buffers that a layer's steps name, each once: what it reads and writes, its weights included.
"""

import time
from dataclasses import dataclass, field

import numpy as np

from protonet.engine.shapes import reshaped


@dataclass
class Pass:
    """A layer in one direction.  ns: of each round."""

    macs: int = 0
    size: int = 0
    ways: list[str] = field(default_factory=list)
    ns: list[int] = field(default_factory=list)

    @property
    def ms(self):
        return float(np.median(self.ns)) / 1e6 if self.ns else 0.0

    @property
    def mean(self):
        return float(np.mean(self.ns)) / 1e6 if self.ns else 0.0

    @property
    def way(self):
        """What computes it: its kernels' families, without those that only move things where there are others."""
        ways = list(dict.fromkeys(self.ways))
        return " ".join([each for each in ways if each not in MOVING] or ways)


MOVING = "blocks", "bits", "fill"


@dataclass
class Line:
    """name, type and shape of the first top of a layer, and what it takes."""

    name: str
    type: str = ""
    shape: tuple[int, ...] = ()
    forward: Pass = field(default_factory=Pass)
    backward: Pass = field(default_factory=Pass)


def way(step):
    """The algorithm that a step belongs to: the module of its kernel."""
    return "Python" if step.host else step.kernel.name.partition(".")[0].removesuffix("_blocked")


def layer_of(step):
    return step.label if step.host else step.label.rpartition(" ")[0]


def about(found, steps):
    """Let a Pass know what steps it consists of."""
    found.ways += [way(step) for step in steps]
    found.size += sum({id(v.buffer): v.buffer.nbytes for step in steps for v in step.views}.values())


def of_net(net, rounds, backward=True, told=lambda i, ns: None):
    """Lines of all layers of a net by its exact plan; told(i, ns): after round i."""
    lines = [line_of(net, place) for place in net.places]
    dynamic = any(place.layer.dynamic for place in net.places)
    if not dynamic:
        plan = net.planned()
        for i, line in enumerate(lines):
            about(line.forward, plan.lot[0][slice(*plan.forward[i])])
            about(line.backward, plan.lot[0][slice(*plan.backward.get(i, (0, 0)))])
    for k in range(rounds):
        begun = time.perf_counter_ns()
        there, back = one_by_one(net, backward) if dynamic else net.time_layers(backward)
        told(k, time.perf_counter_ns() - begun)
        for line, f, b in zip(lines, there, back or [None] * len(lines), strict=True):
            line.forward.ns.append(f)
            if backward:
                line.backward.ns.append(b)
    return lines


def line_of(net, place):
    shapes = [[net.blob_list[b].shape for b in numbers] for numbers in (place.bottoms, place.tops)]
    line = Line(place.layer.name, place.layer.type, shapes[1][0] if shapes[1] else ())
    line.forward.macs = place.layer.macs(*shapes)
    line.backward.macs = line.forward.macs * (any(place.wants) + any(place.learns)) if place.backward else 0
    return line


def one_by_one(net, backward):
    """The ns of each layer, called from Python: where the tops' shapes depend on values."""
    every = range(len(net.places))
    there = [timed(net.forward_layers, i, i) for i in every]
    return there, [timed(net.backward_layers, i, i) for i in reversed(every)][::-1] if backward else []


def timed(function, *arguments):
    begun = time.perf_counter_ns()
    function(*arguments)
    return time.perf_counter_ns() - begun


def of_training(net, training, rounds, told=lambda i, ns: None):
    """Lines of a training step by its packed plan, in the order of the net."""
    known = {place.layer.name: line_of(net, place) for place in net.places}
    program = training.planned().program
    middle = turn(program.steps)
    lines = collect(program, known, middle)
    for k in range(rounds):
        net.clock[1] += 1
        told(k, run(program, lines, middle))
    order = list(known)
    return sorted(lines.values(), key=lambda line: order.index(line.name) if line.name in order else len(order))


def turn(steps):
    """The first step of the backward pass: behind what the last layer to come makes, or its own first gradient."""
    names = [layer_of(step) for step in steps]
    last = names.index(list(dict.fromkeys(names))[-1]) if names else 0
    for i in range(last, len(steps)):
        if names[i] != names[last] or "grad" in getattr(steps[i].kernel, "name", ""):
            return i
    return len(steps)


def of_program(program, rounds, told=lambda i, ns: None):
    """Lines of an engine program at the shapes it was planned for first; layers that run in Python have none."""
    graph, known = reshaped(program.graph, program.inputs.values()), {}
    for node in graph.nodes:
        shapes = [value.shape for value in node.inputs], [value.shape for value in node.outputs]
        known[node.name] = Line(node.name, node.type, shapes[1][0] if shapes[1] else ())
        known[node.name].forward.macs = node.layer.macs(*shapes)
    plans = [plan for part in program.parts for plan in list(part.plans.values())[:1]]
    parts = []
    for plan in plans:
        plan.run([np.zeros(buffer.shape, np.float32) for buffer in plan.fed.values()])
        steps = plan.idle[0].steps
        parts.append((steps, collect(steps, known, len(steps.steps))))
    for k in range(rounds):
        told(k, sum(run(steps, lines, len(steps.steps)) for steps, lines in parts))
    return [line for _, lines in parts for line in lines.values()]


def collect(program, known, middle):
    """{layer: Line} of those that have steps, in the order of the first."""
    lines: dict[str, Line] = {}
    for i, step in enumerate(program.steps):
        name = layer_of(step)
        line = lines.setdefault(name, known.get(name) or Line(name))
        (line.forward if i < middle else line.backward).ways.append(way(step))
    for name, line in lines.items():
        for found, some in (line.forward, program.steps[:middle]), (line.backward, program.steps[middle:]):
            found.ways.clear()
            about(found, [step for step in some if layer_of(step) == name])
    return lines


def run(program, lines, middle):
    """One round; returns its ns."""
    ns = program.time()
    for line in lines.values():
        line.forward.ns.append(0)
        line.backward.ns.append(0)
    for i, (step, took) in enumerate(zip(program.steps, ns, strict=True)):
        line = lines[layer_of(step)]
        (line.forward if i < middle else line.backward).ns[-1] += int(took)
    return int(ns.sum())
