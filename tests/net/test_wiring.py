"""Who reads what, who needs a gradient, what the outputs are: Caffe's rules, one by one."""

import pytest

from protonet.errors import NetError
from tests.net.tools import data, dummy, ip, layer, net

LABELLED = dummy((2, 3), (2,))


def backward(made):
    return {place.layer.name: place.backward for place in made.places}


def wants(made):
    return {place.layer.name: place.wants for place in made.places}


def test_data_need_no_gradient_and_what_learns_does():
    made = net(
        LABELLED + ip("a", "data", "a") + ip("b", "a", "b") + layer("loss", "SoftmaxWithLoss", "b label", "loss")
    )
    assert backward(made) == {"source": False, "a": True, "b": True, "loss": True}
    assert wants(made) == {"source": [], "a": [False], "b": [True], "loss": [True, False]}


def test_below_the_first_layer_that_learns_nothing_is_computed():
    frozen = "param { lr_mult: 0 } param { lr_mult: 0 }"
    made = net(
        LABELLED + ip("a", "data", "a", rest=frozen) + ip("b", "a", "b") + layer("loss", "SoftmaxWithLoss", "b label")
    )
    assert backward(made) == {"source": False, "a": False, "b": True, "loss": True}
    assert wants(made)["b"] == [False]


def test_what_leads_to_no_loss_gets_no_gradient():
    made = net(
        LABELLED
        + ip("a", "data", "a")
        + ip("side", "a", "side")
        + layer("quiet", "Silence", "side")
        + ip("b", "a", "b")
        + layer("loss", "SoftmaxWithLoss", "b label", "loss")
    )
    assert backward(made)["side"] is False
    assert backward(made)["a"] is True


def test_propagate_down_stops_the_gradient():
    made = net(
        LABELLED
        + ip("a", "data", "a")
        + ip("b", "a", "b", rest="propagate_down: false")
        + layer("loss", "SoftmaxWithLoss", "b label", "loss")
    )
    assert backward(made) == {"source": False, "a": False, "b": True, "loss": True}


@pytest.mark.parametrize("force", [False, True])
def test_what_makes_regions_learns_nothing_from_what_is_pooled_in_them(force):
    made = net(
        ("force_backward: true\n" if force else "")
        + dummy((2, 3, 4, 4), (2, 7), (2,), tops="maps seeds label")
        + ip("where", "seeds", "rois", 5)
        + layer("pool", "ROIPooling", "maps rois", "pooled", "roi_pooling_param { pooled_h: 2 pooled_w: 2 }")
        + ip("b", "pooled", "b")
        + layer("loss", "SoftmaxWithLoss", "b label", "loss")
    )
    assert wants(made)["pool"] == [force, False]
    assert backward(made)["where"] is force


def test_force_backward_wants_all_but_labels():
    made = net(
        "force_backward: true\n"
        + data(2, 3)
        + data(2, top="label")
        + ip("a", "data", "a")
        + layer("loss", "SoftmaxWithLoss", "a label", "loss")
    )
    assert wants(made)["a"] == [True]
    assert wants(made)["loss"] == [True, False]


def test_a_loss_that_only_a_silence_reads_still_teaches():
    """Where the weight is not written, Caffe lets the Silence, which sends no gradient, stop the loss too."""
    made = net(
        LABELLED
        + ip("a", "data", "a")
        + layer("loss", "SoftmaxWithLoss", "a label", "loss")
        + layer("q", "Silence", "loss")
    )
    assert backward(made) == {"source": False, "a": True, "loss": True, "q": False}
    made.forward_layers()
    made.backward_layers()
    assert made.params["a"][1].diff.any()


def test_outputs_are_what_nobody_reads_sorted_by_name():
    made = net(data(2, 3) + ip("z", "data", "z") + ip("b", "data", "b"))
    assert made.outputs == ["b", "z"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (data(2, 3) + ip("a", "dta", "a"), r"net.prototxt:2:1: layer 'a': bottom 'dta' .*did you mean 'data'"),
        (
            data(2, 3) + ip("a", "data", "a") + ip("b", "data", "a"),
            r":3:1: layer 'b': top 'a' is made by layer 'a' already",
        ),
        (data(2, 3) + ip("a", "data", "a", rest="propagate_down: true propagate_down: true"), "found 2 for 1 bottoms"),
        (data(2, 3) + ip("a", "data", "a", rest="loss_weight: 1 loss_weight: 1"), "found 2 for 1 tops"),
        (
            dummy((2, 3), (2, 1)) + ip("a", "label", "a", 1) + layer("l", "SoftmaxWithLoss", "data a", "l"),
            r"layer 'l': bottom 'a' is a label and cannot pass on a gradient",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(text, message):
    with pytest.raises(NetError, match=message):
        net(text, phase=0)
