import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.resize_bilinear import resize_bilinear
from tests.tools import check_gradient, layer, run

MODES = ["", "align_corners", "half_pixel_centers", "pytorch_half_pixel"]
NCHW = 'data_format: "NCHW"'


def made(text, shape):
    return layer(f'type: "ResizeBilinear" resize_bilinear_param {{ {text} }}', shape)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("high", "wide"), [(3, 9), (10, 4), (1, 1)])
def test_agrees_with_one_pixel_at_a_time(mode, high, wide, rng):
    x, said = rng.normal(size=(2, 3, 5, 6)), f"{mode}: true" if mode else ""
    sizes = f"output_height: {high} output_width: {wide} {said}"
    expected = resize_bilinear(x, high, wide, mode)
    _, (y,) = run(made(f"{NCHW} {sizes}", x.shape), x)
    assert_allclose(y.data, expected, rtol=1e-4, atol=1e-5)
    last = x.transpose(0, 2, 3, 1)
    _, (y,) = run(made(sizes, last.shape), last)
    assert_allclose(y.data, expected.transpose(0, 2, 3, 1), rtol=1e-4, atol=1e-5)


def test_two_pixels_as_four_by_hand():
    for mode, row in (("", [1, 2, 3, 3]), ("half_pixel_centers: true", [1, 1.5, 2.5, 3])):
        _, (y,) = run(made(f"{NCHW} scale_width: 2 {mode}", (1, 1, 1, 2)), [[[[1, 3]]]])
        assert_allclose(y.data.ravel(), row)


@pytest.mark.parametrize("text", [NCHW, "half_pixel_centers: true"])
def test_gradient(text, rng):
    check_gradient(made(f"scale_height: 1.5 output_width: 3 {text}", (2, 4, 5, 2)), rng.normal(size=(2, 4, 5, 2)))


def test_refusals():
    with pytest.raises(NetError, match="align_corners and half_pixel_centers exclude each other"):
        made("align_corners: true half_pixel_centers: true", (1, 2, 2, 1))
    with pytest.raises(NetError, match="data_format is NHWC or NCHW, found 'NCHWD'"):
        made('data_format: "NCHWD"', (1, 2, 2, 1))
    with pytest.raises(ShapeError, match="nothing is left of maps of 2 x 2: the new size is 0 x 2"):
        made("scale_height: 0.4", (1, 2, 2, 1))
