import pytest
from numpy.testing import assert_array_equal

from tests.naive.resize_nearest_neighbor import resize_nearest_neighbor
from tests.tools import check_gradient, layer, run

NCHW = 'data_format: "NCHW"'


def made(text, shape):
    return layer(f'type: "ResizeNearestNeighbor" resize_nearest_neighbor_param {{ {text} }}', shape)


@pytest.mark.parametrize("mode", ["", "align_corners", "half_pixel_centers"])
@pytest.mark.parametrize(("high", "wide"), [(3, 9), (10, 4), (1, 1)])
def test_agrees_with_one_pixel_at_a_time(mode, high, wide, rng):
    x, said = rng.normal(size=(2, 3, 5, 6)).astype("f"), f"{mode}: true" if mode else ""
    sizes = f"output_height: {high} output_width: {wide} {said}"
    expected = resize_nearest_neighbor(x, high, wide, mode)
    _, (y,) = run(made(f"{NCHW} {sizes}", x.shape), x)
    assert_array_equal(y.data, expected)
    last = x.transpose(0, 2, 3, 1)
    _, (y,) = run(made(sizes, last.shape), last)
    assert_array_equal(y.data, expected.transpose(0, 2, 3, 1))


def test_two_pixels_as_four_by_hand():
    for mode, row in (("", [1, 1, 3, 3]), ("align_corners: true", [1, 1, 3, 3])):
        _, (y,) = run(made(f"{NCHW} scale_width: 2 {mode}", (1, 1, 1, 2)), [[[[1, 3]]]])
        assert_array_equal(y.data.ravel(), row)


def test_gradient(rng):
    check_gradient(made(f"scale_height: 2 output_width: 3 {NCHW}", (2, 2, 3, 5)), rng.normal(size=(2, 2, 3, 5)))
