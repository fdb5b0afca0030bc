import numpy as np
import pytest
from numpy.testing import assert_array_equal

import protonet
from protonet.errors import NetError, ShapeError
from protonet.kernels import pointwise
from protonet.layers import make
from protonet.proto import caffe_pb2
from protonet.runtime.step import Blob, Buffer, Emit
from tests.naive.dummy_data import dummy_data
from tests.tools import layer

TWO = 'type: "DummyData" top: "a" top: "b"'


@pytest.mark.parametrize(
    ("text", "shapes", "values"),
    [
        (
            "shape { dim: 2 dim: 3 } shape { dim: 4 } data_filler { value: 1.5 } data_filler { value: -2 }",
            [(2, 3), (4,)],
            [1.5, -2],
        ),
        ("num: 2 channels: 3 height: 1 width: 2 data_filler { value: 3 }", [(2, 3, 1, 2)] * 2, [3, 3]),
        ("num: 2 num: 1 channels: 3 height: 1 width: 2", [(2, 3, 1, 2), (1, 3, 1, 2)], [0, 0]),
        ("shape { dim: 2 } data_filler { value: 1 } data_filler { value: 2 }", [(2,), (2,)], [1, 2]),
    ],
)
def test_shapes_and_constants_are_given_once_or_for_each_top(text, shapes, values):
    tops = layer(TWO + f" dummy_data_param {{ {text} }}").forward()
    for top, expected in zip(tops, dummy_data(shapes, values), strict=True):
        assert_array_equal(top, expected)


def test_what_a_user_writes_over_a_constant_stays():
    it = layer('type: "DummyData" dummy_data_param { shape { dim: 3 } data_filler { value: 1 } }')
    it.forward()
    it.tops[0].data[...] = 5
    assert_array_equal(it.forward()[0], [5, 5, 5])


def test_memory_that_others_use_is_filled_each_time():
    param = caffe_pb2.LayerParameter(name="d", type="DummyData", top=["x"])
    param.dummy_data_param.shape.add(dim=[3])
    param.dummy_data_param.data_filler.add(value=2)
    data = make(param)
    emit = Emit().of(data)
    data.forward(emit, Blob(Buffer((3,), "arena")))
    assert [step.kernel for step in emit.steps] == [pointwise.fill]


def test_random_data_are_drawn_anew_by_iteration_and_for_each_top():
    text = TWO + ' dummy_data_param { shape { dim: 50 } data_filler { type: "gaussian" std: 2 } }'
    it, again = layer(text), layer(text)
    first, other = (top.copy() for top in it.forward())
    assert len(np.unique([*first, *other])) == 100
    it.random[1] = 2
    assert (it.forward()[0] != first).all()
    assert_array_equal(again.forward()[0], first)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("", ShapeError, "shape is given once for each top, or once for all: found 0 for 2 tops"),
        ("num: 1 channels: 1 height: 1", ShapeError, "width is given once"),
        ("num: 1 channels: 1 height: 1 width: 1 shape { dim: 1 }", NetError, "not both"),
        ("shape { dim: 1 }" + 3 * " data_filler { }", ShapeError, "data_filler is given once for each top"),
        ('shape { dim: 1 } data_filler { type: "magic" }', NetError, "unknown filler 'magic'"),
    ],
)
def test_what_contradicts_itself_is_refused(text, error, says):
    with pytest.raises(error, match=says):
        layer(TWO + f" dummy_data_param {{ {text} }}")


def test_in_a_net_what_a_user_has_shaped_and_written_stays(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'layer { name: "d" type: "DummyData" top: "x" '
        "dummy_data_param { shape { dim: 2 dim: 3 } data_filler { value: 1 } } }"
        'layer { name: "p" type: "Power" bottom: "x" top: "y" power_param { scale: 2 } }'
    )
    net = protonet.Net(str(path), protonet.TEST)
    assert_array_equal(net.forward()["y"], np.full((2, 3), 2))
    net.blobs["x"].reshape(1, 3)
    net.blobs["x"].data[...] = 5
    assert_array_equal(net.forward()["y"], [[10, 10, 10]])
