import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.bilinear_interpolate import bilinear_interpolate
from tests.tools import check_gradient, layer, run

SHAPE = (2, 2, 3, 4)


def text(more):
    return f'type: "BilinearInterpolate" bilinear_interpolate_param {{ {more} }}'


@pytest.mark.parametrize("corners", ["true", "false"])
@pytest.mark.parametrize(
    ("more", "size"),
    [("dst_h: 5 dst_w: 6", (5, 6)), ("scale_factor: 2", (6, 8)), ("dst_w: 2", (3, 2)), ("dst_h: 1 dst_w: 1", (1, 1))],
)
def test_agrees_with_numpy(more, size, corners, rng):
    x = rng.normal(size=SHAPE).astype("f")
    _, (y,) = run(layer(text(f"{more} align_corners: {corners}"), SHAPE), x)
    assert_allclose(y.data, bilinear_interpolate(x, size, corners == "true"), rtol=1e-5, atol=1e-6)


def test_one_number_fills_a_map(rng):
    _, (y,) = run(layer(text("dst_h: 2 dst_w: 3"), (1, 1, 1, 1)), 5)
    assert_allclose(y.data, 5)


@pytest.mark.parametrize("more", ["dst_h: 4 dst_w: 3", "scale_factor: 2 align_corners: false"])
def test_gradient(more, rng):
    check_gradient(layer(text(more), (1, 2, 3, 2)), rng.normal(size=(1, 2, 3, 2)))


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ("", NetError, "give the size as"),
        ("dst_h: 2 scale_factor: 2", NetError, "or as scale_factor"),
        ("scale_factor: 0.1", ShapeError, "0 x 0"),
    ],
)
def test_sizes_that_are_none_are_refused(more, error, says):
    with pytest.raises(error, match=says):
        layer(text(more), SHAPE)


def test_maps_with_nothing_to_read_are_refused():
    with pytest.raises(ShapeError, match="nothing is left of maps of 0 x 3: the new size is 4 x 5"):
        layer(text("dst_h: 4 dst_w: 5"), (1, 2, 0, 3))
