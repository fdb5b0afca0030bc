import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.convolution_depthwise import convolution_depthwise
from tests.tools import layer, run

SHAPE = (2, 3, 6, 5)
TEXT = 'convolution_param { num_output: 3 kernel_size: 3 pad: 1 weight_filler { type: "gaussian" } }'


def test_agrees_with_one_window_at_a_time(rng):
    it, x = layer(f'type: "DepthwiseConvolution" {TEXT}', SHAPE), rng.normal(size=SHAPE)
    _, (y,) = run(it, x)
    assert_allclose(y.data, convolution_depthwise(x, it.blobs[0].data.astype("d"), pad=1), atol=1e-5)


def test_is_convolution_depthwise_by_another_name(rng):
    x = rng.normal(size=SHAPE)
    a, b = (layer(f'type: "{name}" {TEXT}', SHAPE) for name in ("DepthwiseConvolution", "ConvolutionDepthwise"))
    assert_array_equal(run(a, x)[1][0].data, run(b, x)[1][0].data)


def test_another_group_is_refused():
    with pytest.raises(ShapeError, match="group of a DepthwiseConvolution is its 3 channels, found 2"):
        layer('type: "DepthwiseConvolution" convolution_param { num_output: 6 kernel_size: 3 group: 2 }', SHAPE)
