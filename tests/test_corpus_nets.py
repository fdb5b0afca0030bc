"""Real nets: each builds in both phases and runs forward, or is refused for a reason that is true and stands here.

    python -m tests.test_corpus_nets            # all of them, with a table; PROTONET_CORPUS=all does so in the suite
    python -m tests.test_corpus_nets run        # and each runs forward, on one image

A net whose data are not here (a database, a mean file, a fork's or a Python data layer), or that was written without
data for a phase, is built with inputs in their place.
"""

import collections
import os
import re
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import protonet
from protonet.errors import DataError, NetError, ProtonetError
from protonet.graph.read import read
from protonet.io import Weights
from protonet.layers.base import TEST, TRAIN
from protonet.passes import heads, inputs
from protonet.prototxt import parse
from tests.conftest import CORPUS, files, needs

PHASES = {TRAIN: "TRAIN", TEST: "TEST"}
ALL = os.environ.get("PROTONET_CORPUS") == "all"
EACH = 12  # one net in so many is built in the suite
SMALL = 3 << 20  # floats: nets below this are also run there

# what data layers that are not here bring, by top, for one image; and where a repository means something else
SHAPES = {
    "data": (1, 3, 224, 224), "color": (1, 3, 224, 224), "hha": (1, 3, 224, 224), "depth": (1, 1, 224, 224),
    "sem": (1, 1, 224, 224), "geo": (1, 1, 224, 224), "im_info": (1, 3), "gt_boxes": (1, 5), "rois": (1, 5),
    "labels": (1,), "bbox_targets": (1, 84), "bbox_inside_weights": (1, 84), "bbox_outside_weights": (1, 84),
    "bbox_loss_weights": (1, 84), "masks": (1, 1, 14, 14), "box_labels": (1,), "mask_labels": (1,),
    "mask_targets": (1, 441), "mask_weight": (1, 441),
}  # fmt: skip
MEANT = (
    (r"mnist_autoencoder", {"data": (1, 1, 28, 28)}),
    (r"mnist_siamese", {"pair_data": (1, 2, 28, 28)}),
    (r"VDSR_net", {"data": (1, 1, 224, 224), "label": (1, 1, 224, 224)}),
    (r"inceptionv4", {"data": (1, 3, 299, 299)}),
    (r"shelhamer", {"label": (1, 1, 224, 224)}),
    (r"train_test_lstm", {"data": (384, 3, 227, 227), "label": (16, 24), "clip_markers": (16, 24)}),
)

# broken as published: (path, what is said, the cause)
BROKEN = (
    (r"vgg128_noup/t\w+\.prototxt", "is a placeholder", "a template of a script"),
    (r"MobileNetSSD_\w+_template", "found 'cls3x'", "a template of a script"),
    (r"fcn-16s|presets/vgg-16", "found both `layer", "layer and layers mixed: Caffe refuses it too"),
    (
        r"presets/(inception|sq|zynq)",
        r"layer 'loss': takes 2 bottoms, found 1",
        "a drawing of a net: its loss has no label",
    ),
    (r"dcgan/data|test_topology", "takes at least 1 tops, found 0", "a Data layer without a top"),
    (r"googlenet-bn/deploy", "is no LayerType", "a string for the enum of V1 layers"),
    (r"inception-v4-merge-aligned", "has no axis -1 left", "15 anchors' scores in a reshape for 9"),
    (r"crnn/crnn\.prototxt", r"\(523, 512, 13\) 3481088", "its Reshape is for one batch of other images"),
)
# not done here, as the message says: (path, what is said, whose it is)
FOREIGN = (
    (
        r"fasterRCNN_\w+\.prototxt",
        "unknown layer type 'implicit'",
        "netscope: a box of its drawings, no layer of Caffe's",
    ),
    (r"TensorRT/trt", "unknown layer type 'TRT'", "NVIDIA: runs TensorRT, on its graphics cards"),
    (
        r"kitti/detectnet",
        "unknown layer type 'DetectNetTransformation'",
        "NVIDIA: DetectNet's images, changed at random",
    ),
    (r"gabor_init", "unknown filler 'gabor'", "Intel: a filler"),
    (r"sigmoid_train_test_bn", "lr_mult must be 0", "NVIDIA: statistics with an lr_mult, which means nothing"),
    (r"ssd/train_val_dummydata", "expected ground truth", "Intel: a benchmark with images for boxes"),
)
# built, but not to be run forward here: (path, what is said, why)
NOT_RUN = (
    (r"vgg128_noup", "the list of names cannot be read", "DeepLab: names its files by a list that is not here"),
    (r"SSD|ssd|SFD", "name_size_file '.+' is not there", "SSD: the sizes of its images, a list that is not here"),
)


@dataclass
class Verdict:
    """kind: builds; inputs (builds with inputs in place of its data); phase (has not all layers of this phase);
    plug-in, broken, foreign; or refused, which must not be.
    """

    path: Path
    phase: int
    kind: str
    said: str = ""
    net: protonet.Net | None = None

    def __str__(self):
        return f"{self.path.relative_to(CORPUS)} {PHASES[self.phase]}: {self.kind}: {self.said}"


@cache
def nets():
    """All files of the corpus that hold a net."""
    found = files(CORPUS, "*.prototxt", "*.pt")
    return [path for path in found if parse.kind_of(path.read_text("utf-8", "replace")) == "NetParameter"]


def verdict(path, phase, batch=None):
    """batch: build with inputs of this size at once."""
    try:
        document = parse.load(path)
        if batch is None:
            try:
                return Verdict(path, phase, "builds", net=protonet.Net(document, phase, fill=False))
            except ProtonetError as error:
                said = str(error)
        net = protonet.Net(without_data(document, phase, batch), phase, fill=False, trains=False)
        return Verdict(path, phase, "inputs", "" if batch else said, net)
    except ProtonetError as error:
        return Verdict(path, phase, kind_of(str(error), path), str(error))


def kind_of(said, path):
    name = path.relative_to(CORPUS).as_posix()
    for kind, listed in ("broken", BROKEN), ("foreign", FOREIGN):
        if any(re.search(where, name) and re.search(what, said) for where, what, _ in listed):
            return kind
    if re.search(r"module '[\w.]+' is in no folder|to train, put \w+'s lib in PYTHONPATH", said):
        return "plug-in"
    return "phase" if "is made by no layer before it" in said else "refused"


def without_data(document, phase, batch=None):
    """The net with inputs in place of its data layers, and of those that only the other phase has."""
    definition, other = read(document, phase), read(document, 1 - phase)
    try:
        net, _ = heads.with_data(definition.net, other.net)
    except NetError as error:
        raise error.at(document.path) from None
    given = {}
    for layer in net.layer:
        if inputs.source(layer) and layer.type not in ("Input", "DummyData"):
            said, _ = inputs.inferred(layer, document.path.parent)
            meant = {top: s for where, tops in MEANT if re.search(where, str(document.path)) for top, s in tops.items()}
            guess = inputs.guessed(layer, layer.top[0], net, Weights()) if layer.top else None
            for i, top in enumerate(layer.top):
                if i == 0 and not said and guess and top not in meant:
                    given[top] = guess
                elif top not in said or top in meant:
                    given[top] = meant.get(top) or SHAPES.get(top) or ((1, 3, 224, 224) if i == 0 else (1,))
    read_ = {bottom for layer in net.layer for bottom in layer.bottom}
    given = {top: shape for top, shape in given.items() if top in read_}
    return inputs.feed(net, Weights(), given, batch=batch, folder=document.path.parent).net


def run(net, rng):
    """One forward with random numbers."""
    for blob in net.parameters.blobs:
        blob.data[...] = rng.random(blob.shape, np.float32) * np.float32(0.02)
    for name in net.inputs:
        blob = net.blobs[name]
        if blob.shape[-1:] == (8,):
            blob.data[...] = [0, 1, 0, 0.1, 0.2, 0.6, 0.7, 0]  # an object of class 1, as SSD's data layers say it
        elif blob.shape[1:] == (5,):
            blob.data[...] = [0, 8, 16, 120, 140] if name.startswith("rois") else [8, 16, 120, 140, 1]
        elif name == "im_info":
            blob.data[...] = [[224, 224, 1]]
        else:
            blob.data[...] = rng.random(blob.shape, np.float32) if len(blob.shape) == 4 else 0
    net.forward_layers()
    return [net.blobs[name].data for name in net.outputs]


def sample():
    """One net in so many, or all."""
    return nets() if ALL else nets()[::EACH]


def survey(paths):
    """All verdicts, without their nets."""
    for path in paths:
        for phase in PHASES:
            each = verdict(path, phase)
            each.net = None
            yield each


@needs(CORPUS)
def test_every_net_builds_or_is_refused_for_a_reason_that_stands_here():
    found = list(survey(sample()))
    assert not [str(each) for each in found if each.kind == "refused"]
    for each in found:
        if each.kind == "phase":
            assert verdict(each.path, 1 - each.phase).kind != "phase", f"{each}: in neither phase"


@pytest.mark.skipif(not ALL, reason="PROTONET_CORPUS=all builds every net: some minutes")
@needs(CORPUS)
def test_of_the_nets_that_are_whole_nearly_all_build_and_every_reason_holds():
    found = list(survey(nets()))
    kinds = collections.Counter(each.kind for each in found)
    whole = sum(n for kind, n in kinds.items() if kind not in ("broken", "plug-in", "phase"))
    assert (kinds["builds"] + kinds["inputs"]) / whole >= 0.97, kinds
    for where, what, why in (*BROKEN, *FOREIGN):
        assert any(re.search(where, str(each.path)) and re.search(what, each.said) for each in found), why


@needs(CORPUS)
def test_no_reason_stands_here_in_vain():
    names = [path.relative_to(CORPUS).as_posix() for path in nets()]
    for where, *_ in (*BROKEN, *FOREIGN, *NOT_RUN, *MEANT):
        assert any(re.search(where, name) for name in names), where


def forward(path, phase, rng, most=None):
    """A Verdict whose `said` tells how a forward pass of one image went, of a net of at most so many floats."""
    each = verdict(path, phase, batch=1)
    if each.net is None or (most and floats(each.net) > most):
        return None
    try:
        for array in run(each.net, rng):
            assert array.dtype == np.float32
    except DataError as error:
        name = path.relative_to(CORPUS).as_posix()
        if not any(re.search(where, name) and re.search(what, str(error)) for where, what, _ in NOT_RUN):
            each.kind, each.said = "fails", str(error)
    each.net = None
    return each


@needs(CORPUS)
def test_nets_run_forward_with_random_numbers(rng, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some write files
    found = [forward(path, phase, rng, None if ALL else SMALL) for path in sample() for phase in PHASES]
    ran = [each for each in found if each is not None]
    assert not [str(each) for each in ran if each.kind == "fails"]
    assert len(ran) >= 10


def floats(net):
    return sum(blob.count for blob in [*net.blob_list, *net.parameters.blobs])


def main(running):
    """The table; running: run each net forward as well."""
    kinds: collections.Counter = collections.Counter()
    rng = np.random.default_rng(1)
    for each in survey(nets()):
        if running and each.kind in ("builds", "inputs"):
            start, each = time.perf_counter(), forward(each.path, each.phase, rng)
            sys.stdout.write(
                f"{each.path.relative_to(CORPUS)} {PHASES[each.phase]} {time.perf_counter() - start:.1f} s\n"
            )
        kinds[each.kind] += 1
        if each.kind not in ("builds", "inputs"):
            sys.stdout.write(f"{each}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{dict(kinds)}\n")


if __name__ == "__main__":
    main("run" in sys.argv[1:])
