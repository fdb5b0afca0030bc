"""Notes: once in a process, and only for what is not had."""

import pytest

from protonet.net import notes
from tests.net.tools import data, ip, layer, net


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(notes, "said", set())


def test_a_note_is_said_once(caplog):
    notes.once("this")
    notes.once("this")
    notes.once("that")
    assert [record.message for record in caplog.records] == ["this", "that"]


def conv(engine):
    return layer("conv", "Convolution", "data", "c", f"convolution_param {{ num_output: 1 kernel_size: 1 {engine} }}")


def test_another_engine_is_noted_once_for_all_layers(caplog):
    net(data(1, 2, 3, 3) + conv("engine: CUDNN") + layer("r", "ReLU", "data", "r", "relu_param { engine: CUDNN }"))
    assert [record.message for record in caplog.records] == [
        "another engine was asked for (engine: CUDNN): protonet has one, its own"
    ]


@pytest.mark.parametrize("engine", ["", "engine: CAFFE", "engine: DEFAULT"])
def test_caffes_own_engine_is_what_we_do(engine, caplog):
    net(data(1, 2, 3, 3) + conv(engine) + ip("fc", "data", "fc"))
    assert not caplog.records
