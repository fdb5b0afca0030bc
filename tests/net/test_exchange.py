"""Parameters by the names of their layers: from Weights, from another net, and out again."""

import numpy as np
import pytest

from protonet.errors import WeightsError
from protonet.io import Weights
from protonet.proto import caffe_pb2
from tests.net.tools import data, ip, layer, net


def test_weights_are_matched_by_name_and_told():
    made = net(data(2, 3) + ip("a", "data", "a", 3) + ip("b", "a", "b", 2))
    given = Weights({"a": [np.ones((3, 3)), np.ones(3)], "z": [np.ones(4)]})
    found = made.copy_from(given)
    assert (found.copied, found.ignored, found.fresh) == (["a"], ["z"], ["b"])
    assert (made.params["a"][0].data == 1).all()
    with pytest.raises(WeightsError, match="has no weights for 'b': is it another net's file"):
        made.copy_from(given, allow_missing=False)


def test_a_net_shares_the_parameters_of_another_by_name():
    a = net(data(2, 3) + ip("x", "data", "x"))
    b = net(data(5, 3) + ip("x", "data", "x") + ip("y", "x", "y"))
    b.share_with(a)
    a.params["x"][1].data[...] = 9
    assert (b.params["x"][1].data == 9).all()
    with pytest.raises(WeightsError, match=r"layer 'x': blob 0 is \(3, 3\) in the other net, this net wants \(3, 4\)"):
        net(data(5, 4) + ip("x", "data", "x")).share_with(a)


def test_a_layer_of_that_name_without_as_many_parameters_is_refused():
    a = net(
        data(2, 3) + layer("x", "InnerProduct", "data", "x", "inner_product_param { num_output: 3 bias_term: false }")
    )
    with pytest.raises(WeightsError, match="layer 'x' has 1 blob in the other net, this net wants 2"):
        net(data(2, 3) + ip("x", "data", "x")).share_with(a)


def test_weights_are_copies_with_gradients_on_request():
    made = net(data(2, 3) + ip("a", "data", "a"))
    taken = made.weights()
    made.params["a"][0].data[...] = 9
    assert not (taken["a"][0] == 9).any()
    assert not taken.diffs
    made.params["a"][1].diff[...] = 4
    assert (made.weights(diffs=True).diffs["a"][1] == 4).all()


def test_parameters_that_belong_to_another_layer_are_known():
    named = 'param { name: "w" }'
    made = net(data(2, 3) + ip("a", "data", "a", 3, named) + ip("b", "a", "b", 3, named))
    assert made.shared == {("b", 0)}


def old(net, generation):
    """The net's weights as Caffe's older versions wrote them: blobs with four axes, in layers of that generation."""
    message = caffe_pb2.NetParameter(name="old")
    for name, arrays in net.weights().items():
        made = message.layers.add() if generation < 2 else message.layer.add()
        if generation == 0:
            made = made.layer
        made.name = name
        for array in arrays:
            blob = made.blobs.add(data=array.ravel())
            sizes = (1,) * (4 - array.ndim) + array.shape
            blob.num, blob.channels, blob.height, blob.width = sizes
    return message.SerializeToString()


@pytest.mark.parametrize("generation", [0, 1, 2])
def test_files_of_every_age_fill_a_net(generation, tmp_path):
    filler = 'weight_filler { type: "xavier" } bias_filler { type: "gaussian" std: 1 }'
    text = (
        data(2, 3, 8, 8)
        + layer(
            "c", "Convolution", "data", "c", f"convolution_param {{ num_output: 4 kernel_size: 3 group: 1 {filler} }}"
        )
        + layer("p", "PReLU", "c", "c", 'prelu_param { filler { type: "gaussian" std: 1 } }')
        + layer("d", "Deconvolution", "c", "d", f"convolution_param {{ num_output: 5 kernel_size: 2 {filler} }}")
        + ip("f", "d", "f", 6)
    )
    source, target = net(text, seed=1), net(text, seed=2)
    path = tmp_path / "old.caffemodel"
    path.write_bytes(old(source, generation))
    found = target.copy_from(path, allow_missing=False)
    assert (found.copied, found.ignored, found.fresh) == (["c", "p", "d", "f"], [], [])
    for name, blobs in source.params.items():
        for mine, its in zip(blobs, target.params[name], strict=True):
            assert its.data.shape == mine.data.shape
            np.testing.assert_array_equal(its.data, mine.data)


@pytest.mark.parametrize("end", [".caffemodel", ".caffemodel.h5"])
def test_layers_are_matched_by_name_whatever_their_type_and_order(end, tmp_path):
    a = net(data(2, 3) + ip("x", "data", "x", 3) + ip("y", "x", "y", 3), seed=1)
    a.save(tmp_path / f"a{end}")
    b = net(
        data(7, 3)
        + layer("z", "Scale", "data", "s", "scale_param { bias_term: true }")
        + ip("y", "s", "y", 3)
        + layer("p", "Softmax", "y", "p"),
        seed=2,
    )
    found = b.copy_from(tmp_path / f"a{end}")
    assert (found.copied, found.ignored, found.fresh) == (["y"], ["x"], ["z"])
    np.testing.assert_array_equal(b.params["y"][0].data, a.params["y"][0].data)


@pytest.mark.parametrize("end", [".caffemodel", ".caffemodel.h5"])
def test_a_shared_parameter_is_filled_from_its_owner(end, tmp_path):
    named = 'param { name: "w" } param { name: "b" }'
    text = data(2, 3) + ip("a", "data", "a", 3, named) + ip("b", "a", "b", 3, named)
    first, second = net(text, seed=1), net(text, seed=2)
    first.save(tmp_path / f"a{end}")
    assert second.copy_from(tmp_path / f"a{end}", allow_missing=False).fresh == []
    for i in range(2):
        np.testing.assert_array_equal(second.params["b"][i].data, first.params["a"][i].data)


def test_another_shape_names_both_and_the_remedy(tmp_path):
    net(data(2, 3) + ip("fc8", "data", "fc8", 1000)).save(tmp_path / "a.caffemodel")
    with pytest.raises(WeightsError) as caught:
        net(data(2, 3) + ip("fc8", "data", "fc8", 20)).copy_from(tmp_path / "a.caffemodel")
    assert str(caught.value) == (
        f"{tmp_path}/a.caffemodel: layer 'fc8': blob 0 is (1000, 3) in the file, the net wants (20, 3); "
        "rename the layer to learn it from scratch, or make its parameters those it was trained with"
    )


def test_a_layer_of_that_name_that_has_no_parameters_is_another_one():
    """As in Caffe, whether it is the net's or the file's that has more of them."""
    made = net(data(2, 3) + layer("x", "Softmax", "data", "x"))
    with pytest.raises(
        WeightsError, match=r"layer 'x': the file has 2 blobs: \(3, 3\), \(3,\), the net wants none; rename"
    ):
        made.copy_from(Weights({"x": [np.ones((3, 3)), np.ones(3)]}))


def test_what_is_refused_changes_nothing(tmp_path):
    """A net is never half loaded."""
    made = net(data(2, 3) + ip("a", "data", "a", 3) + ip("b", "a", "b", 2))
    before = made.weights()
    with pytest.raises(WeightsError, match="layer 'b'"):
        made.copy_from(Weights({"a": [np.ones((3, 3)), np.ones(3)], "b": [np.ones((9, 9)), np.ones(2)]}))
    for name, arrays in made.weights().items():
        for mine, old_one in zip(arrays, before[name], strict=True):
            np.testing.assert_array_equal(mine, old_one)
