import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.space_to_depth import space_to_depth
from tests.tools import check_gradient, layer, run


def made(shape, s=2, form=""):
    return layer(f'type: "SpaceToDepth" space_to_depth_param {{ block_size: {s} {form} }}', shape)


@pytest.mark.parametrize("form", ["NHWC", "NCHW"])
def test_agrees_with_one_number_at_a_time(form, rng):
    x = rng.normal(size=(2, 4, 6, 3)).astype("f")
    expected = space_to_depth(x, 2).astype("f")
    if form != "NHWC":
        x, expected = x.transpose(0, 3, 1, 2), expected.transpose(0, 3, 1, 2)
    _, (y,) = run(made(x.shape, 2, f'data_format: "{form}"'), x)
    assert_array_equal(y.data, expected)


def test_a_block_is_four_channels_by_hand():
    _, (y,) = run(made((1, 2, 2, 1)), [[[[1], [2]], [[3], [4]]]])
    assert_array_equal(y.data.ravel(), [1, 2, 3, 4])


def test_gradient(rng):
    check_gradient(made((2, 4, 2, 3)), rng.normal(size=(2, 4, 2, 3)))


def test_refusals():
    with pytest.raises(NetError, match="data_format is NHWC, NCHW, found 'CRD'"):
        made((1, 2, 2, 4), 2, 'data_format: "CRD"')
    with pytest.raises(ShapeError, match=r"height and width 2 divides, found \(1, 3, 2, 4\)"):
        made((1, 3, 2, 4))
