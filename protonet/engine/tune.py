"""Which of the algorithms that a convolution may take is the fastest here, by measuring each once.

    protonet.compile("deploy.prototxt", "deploy.caffemodel", tune=True)      # or `protonet compile --tune`

choose.py's costs are those of the machines it was measured on; this asks the one at hand, where several algorithms come
near each other: for a first layer, whether its space becomes depth (first.py) among them.  (A Deconvolution has one
algorithm; whether bands of rows pay is a matter of the machine, not of a layer: chains.py.)  What it finds is kept in
the folder of compiled kernels, which is named by machine and versions, in a file named by the sources of the kernels,
under the convolution's shape and the threads: a second compile measures nothing and makes the same program.  Nothing is
measured unless it is asked for: programs are the same everywhere then.
"""

import json
import logging
import os
import time
from math import inf

import numpy as np

from protonet.engine import fuse
from protonet.engine.choose import FEW_CHANNELS
from protonet.engine.layout import BLOCKED, PLAIN
from protonet.engine.plan import Constants, Planner
from protonet.graph.build import build
from protonet.io.atomic import replacing
from protonet.kernels import objects
from protonet.layers import make
from protonet.layers.base import TEST
from protonet.proto import caffe_pb2
from protonet.runtime import plan as planning
from protonet.runtime.execute import Program

log = logging.getLogger(__name__)
MODULES = "conv_blocked", "winograd", "winograd_forms", "strassen", "blocks", "depth"
NEAR = 1.6  # times the least cost: what costs more is not measured
BETTER = 0.97  # of the time of what costs say, to be taken instead
ROUNDS, ENOUGH = 5, 0.03  # at least; seconds for one algorithm


class Tuner:
    """tuner(problem, options): the option to take, by what is known or else by measuring on so many threads."""

    def __init__(self, threads):
        self.threads, self.known = threads, stored()

    def __call__(self, problem, options):
        options = sorted(options, key=lambda choice: choice.cost)
        near = [choice for choice in options if choice.cost <= NEAR * options[0].cost]
        if len(near) == 1:
            return near[0]
        key = f"{self.threads} {problem}"
        found = next((choice for choice in near if said(choice) == self.known.get(key)), None)
        if found is None:
            found = fastest(problem, near, self.threads)
            self.known[key] = said(found)
            keep({key: said(found)})
        return found


def said(choice):
    return f"{choice.name} {choice.form}"


def fastest(problem, options, threads):
    """The option that takes least; the first if it is a near thing."""
    programs = [alone(problem, choice, threads) for choice in options]
    best, begun = [inf] * len(options), time.perf_counter()
    rounds = 0
    while rounds < ROUNDS or time.perf_counter() - begun < ENOUGH * len(options):
        for i, program in enumerate(programs):
            start = time.perf_counter()
            program.run()
            best[i] = min(best[i], time.perf_counter() - start)
        rounds += 1
    least = min(range(len(options)), key=lambda i: best[i])
    chosen = options[least if best[least] < BETTER * best[0] else 0]
    log.info("%s: %s", problem, ", ".join(f"{said(c)} {1e3 * t:.3f} ms" for c, t in zip(options, best, strict=True)))
    return chosen


def alone(problem, choice, threads):
    """One convolution of this shape by this algorithm, to blocks; from blocks too, if it is not a first layer."""
    graph = convolution(problem)
    planner = Planner(graph, Constants(), tune=lambda *_: choice)
    planner.room = inf  # what stays in L2 beside other layers is not asked here
    planner.give(graph.nodes[0].outputs[0], PLAIN if problem.lanes == problem.C <= FEW_CHANNELS else BLOCKED)
    planner.build(next(unit for unit in fuse.units(graph) if unit.type == "Convolution"))
    steps = planner.steps()
    return Program(steps, planning.packed(steps), threads)


def convolution(p):
    """A net of one convolution, without padding."""
    sizes = [
        (n - 1) * s + (k - 1) * d + 1
        for n, s, k, d in zip((p.rows, p.columns), p.stride, p.kernel, p.dilation, strict=True)
    ]
    net = caffe_pb2.NetParameter()
    net.layer.add(name="x", type="Input", top=["x"]).input_param.shape.add(dim=(p.N, p.G * p.C, *sizes))
    spec = net.layer.add(name="y", type="Convolution", bottom=["x"], top=["y"]).convolution_param
    spec.num_output, spec.group, spec.bias_term = p.G * p.K, p.G, False
    spec.kernel_h, spec.kernel_w = p.kernel
    spec.stride_h, spec.stride_w = p.stride
    spec.dilation.extend(p.dilation)
    graph = build(net, lambda param: make(param, TEST))
    graph.nodes[1].blobs = [np.ones((p.G * p.K, p.C, *p.kernel), np.float32)]
    return graph


def file():
    stamps = "".join(objects.stamp(f"{objects.PACKAGE}.{name}") for name in MODULES)
    return objects.folder() / f"tuned.{objects.digest(stamps.encode())}.json"


def stored():
    """What has been measured so far; nothing if the file is not there or not whole."""
    try:
        found = json.loads(file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(found):
    """Add to what is stored, unless the folder takes nothing: then it is measured again."""
    try:
        with replacing(file()) as aside:
            aside.write_text(json.dumps(stored() | found, indent=0, sort_keys=True), "utf-8")
            os.chmod(aside, 0o600)
    except OSError as error:
        log.warning("cannot keep what has been measured: %s", error)
