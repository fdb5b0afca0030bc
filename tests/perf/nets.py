"""Whole nets against every other engine that is installed: interleaved rounds in one process, a Markdown table.

    python -m tests.perf.nets [--threads 1] [--batch 1] [--rounds 20] [NAME ...]

Weights are random; all engines get the same folded net in float32.  A figure is the best of all rounds, in ms; `ratio`
is protonet's over the fastest other's, in brackets that of the medians.  Run it pinned (taskset) and alone.
"""

import argparse
import logging
import math
import tempfile
import time
import warnings

import numpy as np

import protonet
from protonet import passes
from protonet.engine.program import Program
from protonet.engine.shapes import fed, reshaped
from protonet.graph.build import build
from protonet.graph.read import read
from protonet.io import Weights
from protonet.layers import make
from tests.conftest import CORPUS
from tests.perf.peers import engines

NETS = {
    "LeNet": "BVLC+caffe/examples/mnist/lenet.prototxt",
    "SqueezeNet 1.1": "forresti+SqueezeNet/SqueezeNet_v1.1/deploy.prototxt",
    "GoogLeNet": "BVLC+caffe/models/bvlc_googlenet/deploy.prototxt",
    "AlexNet": "BVLC+caffe/models/bvlc_alexnet/deploy.prototxt",
    "MobileNet v1": "shicai+MobileNet-Caffe/mobilenet_deploy.prototxt",
    "MobileNet v2": "PaddlePaddle+X2Paddle/test_benchmark/Caffe/MobileNetV2/mobilenet_v2_deploy.prototxt",
    "ResNet-50": "KaimingHe+deep-residual-networks/prototxt/ResNet-50-deploy.prototxt",
    "open_nsfw": "yahoo+open_nsfw/nsfw_model/deploy.prototxt",
    "VGG-16": "PaddlePaddle+X2Paddle/test_benchmark/Caffe/VGG16/vgg16.prototxt",
    "DenseNet-121": "foss-for-synopsys-dwc-arc-processors+synopsys-caffe-models/caffe_models/densenet/caffe_model/121/"
    "DenseNet_121.prototxt",
    "SSD-MobileNet": "chuanqi305+MobileNet-SSD/voc/MobileNetSSD_deploy.prototxt",
}
HEADS = {"SSD-MobileNet": ("mbox_loc", "mbox_conf_flatten")}
BRIEF = 0.03  # s: an engine faster than this has a round to warm up


def graph_of(path, outputs=(), batch=1, seed=0):
    """A folded graph with random weights that keep activations near one, for so many images."""
    definition = read(path, protonet.TEST)
    if outputs:
        keep(definition.net, outputs)
    graph = build(definition.net, lambda param: make(param, protonet.TEST), definition.places)
    passes.attach(graph, random(graph, np.random.default_rng(seed)))
    passes.run(graph)
    shapes = [(batch, *value.shape[1:]) for value in fed(graph)]
    return reshaped(graph, shapes)


def keep(net, outputs):
    """Only the layers that these blobs need."""
    needed, layers = set(outputs), []
    for layer in reversed(net.layer):
        if needed & set(layer.top):
            needed.update(layer.bottom)
            layers.append(layer)
    kept = [type(layer).FromString(layer.SerializeToString()) for layer in reversed(layers)]
    del net.layer[:]
    net.layer.extend(kept)


def random(graph, rng):
    weights = {}
    for node in graph.nodes:
        arrays = []
        for i, param in enumerate(node.layer.params(*(value.shape for value in node.inputs))):
            if node.type == "BatchNorm":
                array = (rng.normal(0, 0.1, param.shape), rng.uniform(0.5, 1.5, param.shape), np.ones(param.shape))[i]
            elif len(param.shape) > 1:
                array = rng.normal(0, np.sqrt(2 / np.prod(param.shape[1:])), param.shape)
            else:
                array = (
                    rng.uniform(0.5, 1, param.shape)
                    if node.type == "Scale" and not i
                    else rng.normal(0, 0.1, param.shape)
                )
            arrays.append(np.asarray(array, np.float32))
        if arrays:
            weights[node.name] = arrays
    return Weights(weights)


def measure(graph, threads, rounds, skip=()):
    """{engine: (best s, median s, largest difference from protonet over its largest number)}."""
    rng = np.random.default_rng(1)
    inputs = {
        v.name: rng.normal(size=v.shape).astype(np.float32) for n in graph.nodes if n.type == "Input" for v in n.outputs
    }
    program = Program(graph, threads=threads)
    runs = {"protonet": program.run}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peers = engines.all_of(graph, threads, folder, next(iter(inputs.values())).shape[0])
        runs |= {name: run for name, _, run in peers if name not in skip}
        ours, times, errors = program.run(inputs), {name: [] for name in runs}, {}
        for name, run in list(runs.items()):
            errors[name] = difference(run(inputs), ours)
            run(inputs)
        for _ in range(rounds):
            for name, run in runs.items():
                if min(times[name], default=0) < BRIEF:
                    run(inputs)
                begun = time.perf_counter()
                run(inputs)
                times[name].append(time.perf_counter() - begun)
    return {name: (min(each), float(np.median(each)), errors[name]) for name, each in times.items()}


def difference(found, ours):
    worst = 0.0
    for name, array in ours.items():
        other = np.asarray(found[name]).reshape(array.shape)
        worst = max(worst, float(np.abs(other - array).max() / np.abs(array).max()))
    return worst


def ratios(figures):
    """Of the best times, and of the medians: protonet's over the fastest other's."""
    return tuple(
        figures["protonet"][k] / min(f[k] for name, f in figures.items() if name != "protonet") for k in (0, 1)
    )


def row(name, figures, columns):
    best, median = ratios(figures)
    cells = [f"{1e3 * figures[each][0]:.3f}" if each in figures else "" for each in columns]
    least, most = min(f[2] for n, f in figures.items() if n != "protonet"), max(f[2] for f in figures.values())
    return f"| {name} | " + " | ".join(cells) + f" | **{best:.2f}** ({median:.2f}) | {least:.0e} to {most:.0e} |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    for option, default in (("threads", 1), ("batch", 1), ("rounds", 20)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--skip", nargs="*", default=["OpenCV"], help="engines to leave out")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    columns = ["protonet", *(name for name in engines.ENGINES if name not in arguments.skip)]
    print(f"batch {arguments.batch}, {arguments.threads} thread(s), ms, best of {arguments.rounds}\n")
    print("| net | " + " | ".join(columns) + " | ratio | difference |")
    print("|---" * (len(columns) + 3) + "|")
    found = []
    for name, path in NETS.items():
        if arguments.names and name not in arguments.names:
            continue
        graph = graph_of(str(CORPUS / path), HEADS.get(name, ()), arguments.batch)
        figures = measure(graph, arguments.threads, arguments.rounds, arguments.skip)
        found.append(ratios(figures)[0])
        print(row(name, figures, columns), flush=True)
    print(f"\ngeometric mean of the ratios: {math.exp(np.mean(np.log(found))):.3f}")


if __name__ == "__main__":
    main()
