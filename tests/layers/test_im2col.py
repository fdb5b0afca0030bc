import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.im2col import im2col
from tests.tools import check_gradient, layer, run


def text(more):
    return f'type: "Im2col" convolution_param {{ {more} }}'


@pytest.mark.parametrize(
    ("shape", "more", "numbers"),
    [
        ((2, 2, 6, 5), "kernel_size: 3", ((3, 3), (1, 1), (0, 0), (1, 1))),
        ((2, 2, 6, 5), "kernel_size: 3 stride: 2 pad: 1", ((3, 3), (2, 2), (1, 1), (1, 1))),
        ((2, 2, 6, 5), "kernel_size: 3 dilation: 2 pad: 1", ((3, 3), (1, 1), (1, 1), (2, 2))),
        (
            (2, 2, 6, 5),
            "kernel_h: 2 kernel_w: 3 stride_h: 1 stride_w: 2 pad_h: 1 pad_w: 0",
            ((2, 3), (1, 2), (1, 0), (1, 1)),
        ),
        ((1, 2, 4, 3, 4), "kernel_size: 2 stride: 2", ((2,) * 3, (2,) * 3, (0,) * 3, (1,) * 3)),
        ((2, 3, 9), "kernel_size: 3 stride: 2 pad: 2", ((3,), (2,), (2,), (1,))),
    ],
)
def test_agrees_with_numpy(shape, more, numbers, rng):
    x = rng.normal(size=shape).astype("f")
    _, (y,) = run(layer(text(more), shape), x)
    assert_array_equal(y.data, im2col(x, *numbers))


@pytest.mark.parametrize(
    ("shape", "more"), [((2, 2, 4, 3), "kernel_size: 3 stride: 2 pad: 1"), ((1, 2, 5), "kernel_size: 2 dilation: 2")]
)
def test_gradient(shape, more, rng):
    check_gradient(layer(text(more), shape), rng.normal(size=shape))


def test_four_spatial_axes_are_refused():
    with pytest.raises(ShapeError, match="expected 1 to 3 spatial axes"):
        layer(text("kernel_size: 1"), (1, 1, 2, 2, 2, 2))
