import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.convolution_depthwise import convolution_depthwise
from tests.tools import check_gradient, layer, run

FILLED = 'weight_filler { type: "gaussian" } bias_filler { type: "gaussian" }'
SHAPE = (2, 3, 6, 5)


def made(text, shape=SHAPE, type="ConvolutionDepthwise"):
    return layer(f'type: "{type}" convolution_param {{ {text} {FILLED} }}', shape)


@pytest.mark.parametrize("num_output", [3, 6])
@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("kernel_size: 3 pad: 1", dict(pad=1)),
        ("kernel_size: 3 stride: 2", dict(stride=2)),
        ("kernel_size: 2 dilation: 2 pad: 2", dict(dilation=2, pad=2)),
    ],
)
def test_agrees_with_one_window_at_a_time(num_output, text, options, rng):
    it = made(f"num_output: {num_output} {text}")
    assert it.blobs[0].data.shape[:2] == (num_output, 1)
    x = rng.normal(size=SHAPE)
    _, (y,) = run(it, x)
    assert_allclose(y.data, convolution_depthwise(x, *(b.data.astype("d") for b in it.blobs), **options), atol=1e-5)


def test_a_window_of_ones_sums_each_channel_by_itself():
    text = 'num_output: 2 kernel_size: 2 bias_term: false weight_filler { type: "constant" value: 1 }'
    _, (y,) = run(
        layer(f'type: "ConvolutionDepthwise" convolution_param {{ {text} }}', (1, 2, 2, 2)),
        [[[[1, 2], [3, 4]], [[10, 20], [30, 40]]]],
    )
    assert_array_equal(y.data.ravel(), [10, 100])


@pytest.mark.parametrize("type", ["ConvolutionDepthwise", "DepthwiseConvolution"])
def test_is_a_convolution_with_a_group_for_each_channel(type, rng):
    x, window = rng.normal(size=SHAPE), "num_output: 6 kernel_size: 3 pad: 1"
    mine, theirs = made(window, type=type), made(window + " group: 3", type="Convolution")
    assert_array_equal(run(mine, x)[1][0].data, run(theirs, x)[1][0].data)


def test_gradient(rng):
    check_gradient(made("num_output: 6 kernel_size: 3 pad: 1 group: 3"), rng.normal(size=SHAPE))


def test_another_group_is_refused():
    with pytest.raises(ShapeError, match="group of a ConvolutionDepthwise is its 3 channels, found 1: leave it out"):
        made("num_output: 6 kernel_size: 3 group: 1")


def test_outputs_that_are_no_multiple_are_refused():
    with pytest.raises(ShapeError, match="num_output must be a multiple of the 3 channels, found 4"):
        made("num_output: 4 kernel_size: 3")
