"""A program in one file: its plans, packed weights, and the folded net, from which plans for other shapes are made.

    protonet.compile("deploy.prototxt", "deploy.caffemodel").save("net.program")
    protonet.Program.load("net.program", threads=2).run(image)

Loading parses no prototxt, folds nothing, packs nothing and, where the kernels are in the cache, compiles nothing.  A
plan holds for vectors of one width, for one size of cache and for the kernels it was made with: where these are others,
or where a plan calls Python, the net that lies in the file is planned again; results are then those of `compile` there.
"""

import logging
from functools import cached_property

import numpy as np

from protonet.engine import archive, packing, segments
from protonet.engine.machine import REGISTERS, W, l2
from protonet.engine.plan import Constants
from protonet.engine.session import Plan
from protonet.errors import ProtonetError
from protonet.kernels import objects
from protonet.runtime.step import Buffer

log = logging.getLogger(__name__)
LARGEST = 1 << 40  # numbers in the keys of constants; larger ones are addresses


def machine():
    """What a plan depends on besides its kernels."""
    return {"width": W, "registers": REGISTERS, "l2": l2()}


def save(program, path, more=None):
    """Write a program; more(arrays): what else shall lie in the file, as JSON."""
    arrays, graph = archive.Out(), program.graph
    parts = []
    for part in program.parts:
        plans = [[[*map(list, key)], packing.plan_out(plan, arrays)] for key, plan in part.plans.items()]
        parts.append([each for each in plans if each[1]])
    constants = keys(program.constants, graph, arrays)
    arrays.heat()
    content = {
        "machine": machine(),
        "kernels": packing.stamps([p for p in program.plans if not p.hosts()]),
        "exact": program.exact,
        "seed": program.constants.seed,
        "fed": program.fed,
        "inputs": program.inputs,
        "outputs": program.outputs,
        "parts": parts,
        "dynamic": program.only is None,
        "constants": constants,
        "graph": packing.graph_out(graph, arrays),
        "more": more(arrays) if more else None,
    }
    archive.write(path, content, arrays)


def load(cls, path, threads):
    """(a program of class `cls`, what else the file holds, its arrays)."""
    content, arrays = archive.read(path)
    try:
        stale = changed(content)
        program = None if stale else revived(cls, content, arrays, threads)
        if program is None:
            log.info("%s: %s, so its net is planned again", path, stale)
            graph = packing.graph_in(content["graph"], arrays)
            inputs = {name: tuple(shape) for name, shape in content["inputs"].items()}
            program = cls(graph, inputs, threads, content["exact"], content["seed"])
    except ProtonetError:
        raise
    except Exception as error:  # what a changed file may run into is not to be listed
        raise packing.contradiction(f"{type(error).__name__} {error}").at(path) from None
    return program, content["more"], arrays


def changed(content):
    """Why the plans in a file do not hold here; None if they do."""
    here = machine()
    for name, value in here.items():
        if content["machine"].get(name) != value:
            return f"it was compiled for {name} {content['machine'].get(name)}, and here it is {value}"
    for module, stamp in content["kernels"].items():
        if not module.startswith(objects.PACKAGE + ".") or objects.stamp(module) != stamp:
            return f"the kernels of {module} are others now"
    return None


def revived(cls, content, arrays, threads):
    """The program with the plans of the file."""
    program = cls.__new__(cls)
    program.constants = Constants(content["seed"])
    program.fed = content["fed"]
    program.inputs, program.outputs = (
        {name: tuple(shape) for name, shape in content[what].items()} for what in ("inputs", "outputs")
    )
    program.begin(threads, content["exact"])
    options = program.constants, program.threads, program.exact, program.tune
    if content["dynamic"]:
        program.graph = graph_of(content, arrays, program.constants)
        program.parts = segments.cut(program.graph, *options)
    else:
        program.parts = [Kept(content, arrays, *options)]
    program.only = None if content["dynamic"] else program.parts[0]
    shapes = {name: shape for name, shape in zip(program.fed, program.inputs.values(), strict=True)}
    for part, plans in zip(program.parts, content["parts"], strict=True):
        for key, found in plans:
            steps, places, fed, made, random = packing.plan_in(found, arrays)
            plan = Plan(steps, places, fed, made, random, program.constants, program.threads)
            part.plans[tuple(map(tuple, key))] = plan
        if not plans and all(name in shapes for name in part.inputs):
            part.begin([shapes[name] for name in part.inputs])
    return program


class Kept(segments.Static):
    """The only part of a net without dynamic layers, whose graph is built when another shape comes."""

    def __init__(self, content, arrays, *options):
        super().__init__(None, *options)
        self.inputs, self.build = content["fed"], lambda: graph_of(content, arrays, options[0])

    @cached_property
    def graph(self):
        return self.build()


def graph_of(content, arrays, constants):
    """The net in the file; what has been packed of its weights is known by its arrays again."""
    graph = packing.graph_in(content["graph"], arrays)
    blobs = {node.name: node.blobs for node in graph.nodes}
    for key, shape, dtype, place in content["constants"]:
        memory = arrays.at(place, dtype)
        words = memory.tobytes() if key is None else tuple(part(each, blobs) for each in key)
        constants.made.setdefault(words, Buffer(tuple(shape), "own", dtype=dtype, memory=memory))
    return graph


def part(word, blobs):
    """A part of a key as it is in a process: arrays stand there by their identity."""
    if isinstance(word, dict):
        return id(blobs[word["layer"]][word["blob"]])
    return tuple(part(each, blobs) for each in word) if isinstance(word, list) else word


def keys(constants, graph, arrays):
    """[key, shape, type, place] of the packed weights that plans use; a table's key is what it holds."""
    ids = {id(blob): {"layer": node.name, "blob": i} for node in graph.nodes for i, blob in enumerate(node.blobs)}
    found = []
    for key, buffer in constants.made.items():
        if (buffer.memory.ctypes.data, buffer.memory.nbytes) not in arrays.known:
            continue
        try:
            words = None if isinstance(key, bytes) else said(key, ids)
        except ValueError:  # made of an array that is no parameter: it will be made again
            continue
        found.append([words, buffer.shape, buffer.dtype, arrays.place(buffer.memory)])
    return found


def said(word, ids):
    """A part of a key as JSON."""
    if isinstance(word, tuple):
        return [said(each, ids) for each in word]
    if isinstance(word, int | np.integer) and not isinstance(word, bool):
        if int(word) in ids:
            return ids[int(word)]
        if abs(int(word)) > LARGEST:
            raise ValueError("an address")
        return int(word)
    if isinstance(word, str | float | bool) or word is None:
        return word
    raise ValueError(f"no part of a key: {word}")
