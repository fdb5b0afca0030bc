import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.upsample_darknet import upsample_darknet
from tests.tools import check_gradient, layer, run


def made(shape, stride=2):
    return layer(f'type: "UpsampleDarknet" upsample_darknet_param {{ stride: {stride} }}', shape)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_agrees_with_numpy(stride, rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("f")
    _, (y,) = run(made(x.shape, stride), x)
    assert_array_equal(y.data, upsample_darknet(x, stride))


def test_two_pixels_by_hand():
    _, (y,) = run(made((1, 1, 1, 2)), [[[[1, 2]]]])
    assert_array_equal(y.data[0, 0], [[1, 1, 2, 2], [1, 1, 2, 2]])


def test_gradient(rng):
    check_gradient(made((2, 2, 3, 2)), rng.normal(size=(2, 2, 3, 2)))


def test_a_stride_of_0_is_refused():
    with pytest.raises(ShapeError, match="a stride of at least 1"):
        made((1, 1, 2, 2), 0)
