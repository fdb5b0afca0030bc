import numpy as np
import pytest
from numpy.testing import assert_array_equal

import protonet
from protonet.errors import NetError, ShapeError
from protonet.layers import make
from protonet.proto import caffe_pb2
from tests.naive.filter import filter

INPUT = 'layer {{ name: "{0}" type: "Input" top: "{0}" input_param {{ shape {{ {1} }} }} }}\n'
NET = (
    INPUT.format("x", "dim: 5 dim: 3")
    + INPUT.format("s", "dim: 5")
    + """
force_backward: true
layer { name: "f" type: "Filter" bottom: "x" bottom: "s" top: "y" }
layer { name: "p" type: "Power" bottom: "y" top: "z" power_param { scale: 2 } }
"""
)


def parameter(bottoms, tops):
    return caffe_pb2.LayerParameter(name="f", type="Filter", bottom=bottoms, top=tops)


@pytest.mark.parametrize("chosen", [[1, 0, 0, 2, -1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]])
def test_a_net_follows_the_number_of_images_that_are_left(chosen, tmp_path, rng):
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    net = protonet.Net(str(path), protonet.TRAIN)
    x = rng.normal(size=(5, 3)).astype("f")
    for _ in range(2):
        out = net.forward(x=x, s=np.array(chosen))["z"]
        assert_array_equal(out, 2 * filter([x], np.array(chosen))[0])
    net.blobs["z"].diff[...] = 1
    net.backward()
    expected = np.where(np.array(chosen)[:, None] != 0, 2, 0) * np.ones((5, 3))
    assert_array_equal(net.blobs["x"].diff, expected)


def test_all_bottoms_are_filtered_alike(rng):
    xs, chosen = [rng.normal(size=(4, 3)), rng.normal(size=(4, 1, 2))], np.array([0, 1, 1, 0]).reshape(4, 1, 1)
    for found, expected in zip(make(parameter("abs", "yz")).compute(*xs, chosen), filter(xs, chosen), strict=True):
        assert_array_equal(found, expected)


def test_tops_of_another_number_are_refused():
    with pytest.raises(NetError, match="found 1 tops and 3 bottoms"):
        make(parameter("abs", "y"))


@pytest.mark.parametrize(
    ("shapes", "says"), [([(4, 3), (5,)], "bottom 0 has 4 images"), ([(4, 3), (4, 2)], "one number for each")]
)
def test_a_selector_that_does_not_fit_is_refused(shapes, says):
    with pytest.raises(ShapeError, match=says):
        make(parameter("as", "y")).infer(*shapes)
