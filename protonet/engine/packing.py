"""Plans and graphs as JSON and arrays, and back: what a program file consists of (saved.py says how it lies on disk).

An array is named by its place in the file, so that one used twice is written once and is one again when it is read.
Kernels are named, with a stamp of their source: a plan that was made for others is made anew, never run.
"""

import importlib
from typing import Any

import numpy as np

from protonet.errors import WeightsError
from protonet.graph.build import build
from protonet.graph.emit import emit, named
from protonet.kernels import objects
from protonet.kernels.jit import HOME, KERNELS
from protonet.layers import make
from protonet.layers.base import TEST
from protonet.proto import caffe_pb2
from protonet.runtime.plan import KINDS
from protonet.runtime.plan import Plan as Places
from protonet.runtime.step import Buffer, Step, View


def stamps(plans):
    """{module of kernels: what names its source} of all that these plans call."""
    modules = {step.kernel.module for plan in plans for step in plan.steps if not step.host}
    return {module: objects.stamp(module) for module in sorted(modules)}


def plan_out(plan, arrays):
    """A plan as JSON; None if it calls Python, which a file cannot hold."""
    if any(step.host or not step.kernel.module.startswith(HOME) for step in plan.steps):
        return None
    numbers: dict[Buffer, int] = {}
    buffers: list[list] = []

    def number(buffer):
        if buffer not in numbers:
            numbers[buffer] = len(buffers)
            memory = arrays.place(buffer.memory) if buffer.memory is not None else None
            buffers.append([buffer.shape, buffer.kind, buffer.name, buffer.dtype, buffer.alone, buffer.text, memory])
        return numbers[buffer]

    steps = [
        [
            [step.kernel.module, step.kernel.name],
            [[number(view.buffer), view.shape, view.start] for view in step.views],
            list(map(int, step.words)),
            [step.tasks, step.label, list(map(bool, step.out)), step.private],
        ]
        for step in plan.steps
    ]
    return {
        "steps": steps,
        "fed": {name: number(buffer) for name, buffer in plan.fed.items()},
        "made": {name: [number(buffer), shape] for name, (buffer, shape) in plan.made.items()},
        "random": number(plan.random),
        "places": {str(number(buffer)): place for buffer, place in plan.places.place.items()},
        "sizes": plan.places.sizes,
        "buffers": buffers,
    }


def plan_in(found, arrays):
    """(steps, places, fed, made, random) of what plan_out gave."""
    buffers = [
        Buffer(tuple(shape), kind, name, dtype, arrays.at(memory, dtype) if memory else None, text, alone)
        for shape, kind, name, dtype, alone, text, memory in found["buffers"]
    ]
    for buffer in buffers:
        check(buffer.memory is None or len(buffer.memory) == buffer.count, buffer.name)
    steps = []
    for (module, name), seen, words, (tasks, label, out, private) in found["steps"]:
        views = [View(buffers[i], tuple(shape), start) for i, shape, start in seen]
        for view in views:
            check(view.start + view.count <= view.buffer.count, label)  # a moving band begins before its buffer
        kernel = kernel_of(module, name)
        check(len(views) == len(kernel.arrays) and len(words) == kernel.slots - len(views), label)
        steps.append(Step(kernel, views, words, tasks, label, out, private))
    sizes = {kind: found["sizes"][kind] for kind in KINDS[:-1]}
    place = {buffers[int(i)]: (kind, offset) for i, (kind, offset) in found["places"].items()}
    for buffer, (kind, offset) in place.items():
        check(0 <= offset <= offset + buffer.nbytes <= sizes[kind], buffer.name)
    fed = {name: buffers[i] for name, i in found["fed"].items()}
    made = {name: (buffers[i], tuple(shape)) for name, (i, shape) in found["made"].items()}
    return steps, Places(place, sizes, packed=True), fed, made, buffers[found["random"]]


def kernel_of(module, name):
    """The kernel of this name; one of a family is made when it is asked for."""
    if name not in KERNELS:
        check(module.startswith(HOME), name)
        home = importlib.import_module(module)
        return KERNELS[name] if name in KERNELS else home.named(name)
    return KERNELS[name]


def check(holds, what):
    if not holds:
        raise contradiction(what)


def contradiction(what):
    return WeightsError(f"this program contradicts itself, at '{what}': it was changed after it was written")


def graph_out(graph, arrays):
    """A folded graph as JSON: its layers as a message, its weights, the names of its outputs."""
    names = named(graph)
    weights = {node.name: [[blob.shape, arrays.place(blob)] for blob in node.blobs] for node in graph.nodes}
    return {
        "net": arrays.place(np.frombuffer(emit(graph).SerializeToString(), np.uint8)),
        "weights": {name: blobs for name, blobs in weights.items() if blobs},
        "outputs": [[value.name, names[value]] for value in graph.outputs],
    }


def graph_in(found, arrays):
    """The graph of what graph_out gave; its weights lie in the file."""
    net = caffe_pb2.NetParameter.FromString(arrays.at(found["net"], "uint8").tobytes())
    graph = build(net, lambda param: make(param, TEST))
    made: dict[Any, np.ndarray] = {}
    for node in graph.nodes:
        for shape, place in found["weights"].get(node.name, ()):
            key = tuple(place), tuple(shape)
            if key not in made:  # shared weights are one array again
                made[key] = arrays.at(place, "float32").reshape(shape)
            node.blobs.append(made[key])
    values = {value.name: value for value in graph.values()}
    graph.outputs = [values[emitted] for _, emitted in found["outputs"]]
    for value, (name, _) in zip(graph.outputs, found["outputs"], strict=True):
        value.name = name
    return graph
