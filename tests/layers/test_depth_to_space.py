import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.depth_to_space import depth_to_space
from tests.tools import check_gradient, layer, run


def made(shape, s=2, form=""):
    return layer(f'type: "DepthToSpace" depth_to_space_param {{ block_size: {s} {form} }}', shape)


@pytest.mark.parametrize("form", ["NHWC", "NCHW", "DCR", "CRD"])
def test_agrees_with_one_number_at_a_time(form, rng):
    x = rng.normal(size=(2, 3, 4, 12)).astype("f")
    expected = depth_to_space(x, 2, form == "CRD").astype("f")
    if form != "NHWC":
        x, expected = x.transpose(0, 3, 1, 2), expected.transpose(0, 3, 1, 2)
    _, (y,) = run(made(x.shape, 2, f'data_format: "{form}"'), x)
    assert_array_equal(y.data, expected)


def test_four_channels_are_a_block_by_hand():
    _, (y,) = run(made((1, 1, 1, 4)), [[[[1, 2, 3, 4]]]])
    assert_array_equal(y.data[0, :, :, 0], [[1, 2], [3, 4]])


@pytest.mark.parametrize("form", ["NHWC", "CRD"])
def test_gradient(form, rng):
    check_gradient(made((2, 4, 3, 4), 2, f'data_format: "{form}"'), rng.normal(size=(2, 4, 3, 4)))


def test_refusals():
    with pytest.raises(NetError, match="data_format is NHWC, NCHW, DCR, CRD, found 'CHW'"):
        made((1, 1, 1, 4), 2, 'data_format: "CHW"')
    with pytest.raises(ShapeError, match=r"channels that 4 divides, found \(1, 4, 1, 3\)"):
        made((1, 4, 1, 3))
