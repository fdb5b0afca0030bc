"""The tools of the benchmarks: pictures, peak memory, and train nets that are what their prototxts say."""

import sys
from xml.etree import ElementTree

import pytest

import protonet
from protonet.prototxt import parse
from tests.conftest import CORPUS, needs
from tests.perf import caffe_memory, memory, picture, training
from tests.perf.train_nets import NETS, solver_of, tiny


def test_a_picture_has_a_bar_for_each_number():
    series = {"one thread": {"A & B": 0.5, "mean": 0.6}, "two": {"A & B": 2.0, "mean": 0.7}}
    root = ElementTree.fromstring(picture.bars("Time <ratio>", series))
    texts = [each.text for each in root.iter() if each.tag.endswith("text")]
    assert {"A & B", "mean", "Time <ratio>", "one thread", "two", "0.50", "2.00", "0.60", "0.70"} == set(texts)
    bars = [float(each.get("width")) for each in root.iter() if each.tag.endswith("rect") and each.get("height") == "9"]
    assert bars == pytest.approx([0.5 * bars[1] / 2, bars[1], 0.6 * bars[1] / 2, 0.7 * bars[1] / 2], abs=0.2)
    line = next(each for each in root.iter() if each.tag.endswith("line"))
    assert float(line.get("x1")) == pytest.approx(picture.LEFT + bars[1] / 2, abs=0.2)


def taking(megabytes):
    import numpy as np

    np.ones(int(megabytes) << 17)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_peak_memory_is_that_of_the_call():
    found = memory.peak(f"{__name__}:taking", 200)
    assert 150 < found < 300


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_peak_memory_is_beyond_what_the_first_call_takes():
    assert memory.peak(f"{__name__}:nothing", 100, first=f"{__name__}:keeping") < 20


HELD = []


def keeping(megabytes):
    import numpy as np

    HELD.append(np.ones(int(megabytes) << 17))


def nothing(megabytes):
    pass


def test_a_tiny_net_trains():
    run = training.contenders(tiny(1), 1, layouts=())["protonet"]
    assert 0 < run() < 20


@needs(CORPUS)
@pytest.mark.parametrize("name", ["LeNet", "CIFAR-quick with BN", "open_nsfw"])
def test_a_train_net_is_fed_normed_and_ends_in_a_loss(name, monkeypatch):
    path, _, image, labels = NETS[name]
    monkeypatch.setitem(NETS, name, (path, 2, image, labels))
    solver = solver_of(name, threads=1)
    types = [place.layer.type for place in solver.net.places]
    assert types[0] == "Input"
    assert types.count("SoftmaxWithLoss") == 1
    assert not {"Data", "Accuracy", "Softmax"} & set(types)
    assert types.count("BatchNorm") == {"LeNet": 0, "CIFAR-quick with BN": 3, "open_nsfw": 53}[name]
    assert all(not p.layer.stored for p in solver.net.places if p.layer.type == "BatchNorm")
    if name == "LeNet":
        solver.step(1)
        assert 0 < solver.losses[-1] < 20


def test_caffes_memory_by_hand():
    """Input 2 x 3 x 4 x 4 - Convolution to 5, pad 1 - ReLU in place - InnerProduct to 2 - SoftmaxWithLoss."""
    text = """layer { name: "in" type: "Input" top: "x" top: "l"
        input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } shape { dim: 2 } } }
    layer { name: "c" type: "Convolution" bottom: "x" top: "c"
        convolution_param { num_output: 5 kernel_size: 3 pad: 1 } }
    layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
    layer { name: "f" type: "InnerProduct" bottom: "c" top: "f" inner_product_param { num_output: 2 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "f" bottom: "l" top: "loss" }"""
    net = protonet.Net(parse.loads(text, "NetParameter"), protonet.TRAIN)
    data, diff = 2 * 3 * 16 + 2 + 2 * 5 * 16 + 2 * 2 + 1, 2 * 5 * 16 + 2 * 2
    parameters = 5 * 3 * 9 + 5 + 2 * 5 * 16 + 2
    columns, prob = 3 * 9 * 16, 2 * 2
    assert caffe_memory.train_bytes(net) == 4 * (data + diff + 3 * parameters + columns + prob)
