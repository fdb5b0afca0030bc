import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.mask_resize import mask_resize
from tests.tools import check_gradient, layer, run


def made(high, wide, shape):
    return layer(f'type: "MaskResize" mask_resize_param {{ output_height: {high} output_width: {wide} }}', shape)


@pytest.mark.parametrize(("high", "wide"), [(3, 2), (5, 7), (9, 11), (1, 1)])
def test_agrees_with_one_pixel_at_a_time(high, wide, rng):
    x = rng.normal(size=(2, 3, 5, 7))
    _, (y,) = run(made(high, wide, x.shape), x)
    assert_allclose(y.data, mask_resize(x, high, wide), rtol=1e-4, atol=1e-6)


def test_three_pixels_as_two_by_hand():
    _, (y,) = run(made(1, 2, (1, 1, 1, 3)), [[[[1, 2, 6]]]])
    assert_allclose(y.data.ravel(), [1, 4])


def test_gradient(rng):
    check_gradient(made(3, 9, (2, 2, 5, 6)), rng.normal(size=(2, 2, 5, 6)))


def test_refusals():
    with pytest.raises(ShapeError, match=r"maps of \(2, 2\) cannot become \(5, 2\)"):
        made(5, 2, (1, 1, 2, 2))
    with pytest.raises(ShapeError, match=r"output_height and output_width above 0: found \(1, 1, 2, 2\) and \(0, 2\)"):
        made(0, 2, (1, 1, 2, 2))
