"""Whole nets against every other engine that is installed: interleaved rounds in one process, Markdown and a picture.

    pip install -e ".[bench]"
    python -m tests.perf.nets [--threads 1 2] [--batch 1 16] [--rounds 20] [--memory] [--svg nets.svg] [NAME ...]

Weights are random; all engines get the same folded net in float32.  A figure is the best of all rounds, in brackets the
median, in ms; `ratio` is protonet's best over the fastest other's, in brackets that of the medians; `difference` is how
far outputs lie from ours, as a share of their largest number.  MB is what an engine adds at most to a process of its
own that has imported all of them.  Run it pinned (taskset) and alone.
"""

import argparse
import logging
import math
import tempfile
import time
import warnings
from pathlib import Path

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
from tests.perf import memory, picture
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
REST = 0.05  # s: for so long the threads of some engines wait busily for more work, and take a core from the next one


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


def given(graph):
    """Random inputs."""
    rng = np.random.default_rng(1)
    return {value.name: rng.normal(size=value.shape).astype(np.float32) for value in fed(graph)}


def measure(graph, threads, rounds, skip=()):
    """{engine: (best s, median s, largest difference from protonet over its largest number)}."""
    inputs = given(graph)
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
                time.sleep(REST * (threads > 1))
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


def row(name, figures, columns, peaks):
    best, median = ratios(figures)
    cells = [f"{1e3 * figures[c][0]:.2f} ({1e3 * figures[c][1]:.2f})" if c in figures else "" for c in columns]
    least, most = min(f[2] for n, f in figures.items() if n != "protonet"), max(f[2] for f in figures.values())
    cells += [f"**{best:.2f}** ({median:.2f})", f"{least:.0e} to {most:.0e}"]
    cells += [f"{peaks[c]:.0f}" if c in peaks else "" for c in columns] if peaks else []
    return f"| {name} | " + " | ".join(cells) + " |"


def one(name, engine, threads, batch):
    """Some runs of one engine alone, for its memory."""
    graph = graph_of(str(CORPUS / NETS[name]), HEADS.get(name, ()), batch)
    inputs = given(graph)
    with tempfile.TemporaryDirectory() as folder:
        if engine == "protonet":
            run = Program(graph, threads=threads).run
        else:
            run = engines.ENGINES[engine][1](graph, threads, folder)[1]
        for _ in range(3):
            run(inputs)


def section(arguments, threads, batch):
    """The table of one number of threads and one batch size: ({net: ratio}, its lines)."""
    columns = ["protonet", *(name for name in engines.ENGINES if name not in arguments.skip)]
    heads = ["net", *columns, "ratio", "difference", *(f"{c} MB" for c in columns if arguments.memory)]
    lines = [f"batch {batch}, {threads} thread{'s' * (threads > 1)}: ms, best (median) of {arguments.rounds}\n"]
    lines += ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    print("\n".join(["", *lines]))
    found = {}
    for name, path in NETS.items():
        if arguments.names and name not in arguments.names:
            continue
        graph = graph_of(str(CORPUS / path), HEADS.get(name, ()), batch)
        figures = measure(graph, threads, arguments.rounds, arguments.skip)
        call = "tests.perf.nets:one"
        peaks = {each: memory.peak(call, name, each, threads, batch) for each in figures} if arguments.memory else {}
        found[name] = ratios(figures)[0]
        lines.append(row(name, figures, columns, peaks))
        print(lines[-1], flush=True)
    lines.append(f"\ngeometric mean of the ratios: {mean(found):.3f}")
    print(lines[-1], flush=True)
    return found, lines


def mean(found):
    return math.exp(np.mean(np.log(list(found.values()))))


def main():
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NETS)}")
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--batch", type=int, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--skip", nargs="*", default=[], help="engines to leave out")
    parser.add_argument("--memory", action="store_true", help="peak MB of each engine in a process of its own")
    parser.add_argument("--svg", metavar="FILE", help="where to write the picture of all ratios")
    parser.add_argument("--markdown", metavar="FILE", help="where to write the tables")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    series, text = {}, []
    for batch in arguments.batch:
        for threads in arguments.threads:
            found, lines = section(arguments, threads, batch)
            series[f"batch {batch}, {threads} thread{'s' * (threads > 1)}"] = found | {"geometric mean": mean(found)}
            text += [*lines, ""]
    if arguments.markdown:
        Path(arguments.markdown).write_text("\n".join(text), "utf-8")
    if arguments.svg:
        title = "Time of protonet over the fastest other engine's"
        Path(arguments.svg).write_text(picture.bars(title, series, best=1.0), "utf-8")


if __name__ == "__main__":
    main()
