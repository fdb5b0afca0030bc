"""What scripts call before anything else."""

import numpy as np
import pytest

import protonet
from protonet.net import notes
from protonet.prototxt import parse
from tests.net.tools import dummy


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(notes, "said", set())


def test_whatever_asks_for_a_gpu_is_told_once_that_there_is_none(caplog):
    protonet.set_mode_cpu()
    assert not caplog.messages
    protonet.set_mode_gpu()
    protonet.set_device(3)
    protonet.set_mode_gpu()
    assert caplog.messages == ["the GPU was asked for: protonet runs on the CPU"]


def test_the_types_that_can_be_built_are_listed():
    types = protonet.layer_type_list()
    assert types == sorted(types)
    assert {"Convolution", "Python", "SoftmaxWithLoss"} <= set(types)


def test_a_seed_is_for_the_nets_made_from_now_on():
    net, drawn = parse.loads(dummy((3,), tops="x", fillers=['type: "gaussian"'])), []
    for _ in range(2):
        protonet.set_random_seed(4)
        drawn.append([protonet.Net(net, protonet.TEST).forward()["x"].copy() for _ in range(2)])
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0][0] != drawn[0][1]).any()
