"""Who took the time: every step belongs to a layer and a direction."""

import protonet
from protonet.engine import profile
from protonet.engine.train.program import Training
from protonet.prototxt import parse
from tests.engine.test_program import NET, made
from tests.engine.tools import conv, dense, layer, relu

TRAINED = conv("a", "x", 16, 3, pad=1) + relu("a") + dense("f", "a", 10) + layer("SoftmaxWithLoss", "loss", ["f", "x1"])


def net():
    text = 'layer { name: "x" type: "Input" top: "x" top: "x1" input_param {'
    text += " shape { dim: 2 dim: 16 dim: 8 dim: 8 } shape { dim: 2 } } }\n" + TRAINED
    return protonet.Net(parse.loads(text, "NetParameter"), protonet.TRAIN)


def test_all_time_of_a_program_is_somebodys():
    program, *_ = made(NET, (2, 3, 12, 12))
    told = []
    lines = profile.of_program(program, 3, lambda i, ns: told.append(ns))
    assert [line.name for line in lines if line.forward.macs] == ["a", "b", "f"]
    assert len(told) == 3
    for k, ns in enumerate(told):
        assert sum(line.forward.ns[k] for line in lines) == ns
    by = {line.name: line for line in lines}
    assert by["a"].forward.macs == 2 * 3 * 32 * 9 * 12 * 12
    assert by["a"].shape == (2, 32, 12, 12)
    assert by["a"].forward.size >= 4 * 2 * (3 + 32) * 12 * 12
    assert by["b"].forward.way
    assert not by["b"].backward.ways


def test_both_directions_of_a_training_step_are_told_apart():
    it = net()
    training = Training.of(it)
    training.run()
    lines = profile.of_training(it, training, 2)
    by = {line.name: line for line in lines}
    names = [name for name in it.layer_names if name in by]
    assert [line.name for line in lines if line.name in it.layer_names] == names
    for name in "a", "f", "loss":
        assert by[name].forward.ways, name
        assert by[name].backward.ways, name
    assert by["f"].backward.macs == 2 * by["f"].forward.macs  # by data and by weights
    assert by["a"].backward.macs == by["a"].forward.macs  # nobody wants the gradient of the data


def test_a_net_is_measured_layer_by_layer():
    it = net()
    it.forward_layers()
    it.backward_layers()
    told = []
    lines = profile.of_net(it, 2, True, lambda i, ns: told.append(ns))
    assert [line.name for line in lines] == it.layer_names
    assert all(len(line.forward.ns) == len(line.backward.ns) == 2 for line in lines)
    assert all(ns > 0 for ns in told)
    assert not any(line.backward.ns for line in profile.of_net(it, 1, False))
