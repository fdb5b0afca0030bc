import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.layers import by_channel, convolve, spatial
from tests.naive.convolution import convolution, gradients
from tests.tools import layer


def channels(kernel, sizes, G=3, C=1, K=1, stride=(1, 1)):
    window = spatial.Window(kernel, stride, (0, 0), (0, 0), (1, 1))
    return convolve.convolution(window, 2, G, C, K, sizes, window.outputs(sizes))


def test_it_applies_to_groups_of_one_channel():
    assert by_channel.applies(channels((3, 3), (9, 9)))
    assert by_channel.applies(channels((1, 1), (9, 9)))
    assert not by_channel.applies(channels((3, 3), (9, 9), G=1))
    assert not by_channel.applies(channels((3, 3), (9, 9), C=2))


def test_products_are_left_what_has_many_outputs_of_a_channel():
    assert by_channel.applies(channels((3, 3), (9, 9), K=8))
    assert not by_channel.applies(channels((3, 3), (9, 9), K=9))


def test_lines_too_long_for_a_threads_memory_are_left_to_products():
    assert by_channel.applies(channels((3, 3), (3, 5000)))
    assert not by_channel.applies(channels((3, 3), (3, 50000)))
    assert not by_channel.applies(channels((40, 40), (40, 40)))


# text, shape of x, and the same for the naive twin: strips, edges of vectors, several outputs of a channel
CASES = {
    "strips": ("num_output: 2 kernel_size: 3 pad: 1", (1, 2, 40, 700), dict(pad=1)),
    "strips_strided": ("num_output: 2 kernel_size: 3 pad: 1 stride: 2", (1, 2, 70, 500), dict(pad=1, stride=2)),
    "vectors": ("num_output: 2 kernel_size: 5 pad: 2", (2, 2, 9, 33), dict(pad=2)),
    "long_stride": ("num_output: 2 kernel_size: 5 stride: 3 pad: 2", (1, 2, 20, 41), dict(pad=2, stride=3)),
    "dilated": (
        "num_output: 4 kernel_size: 3 dilation: 3 stride: 2 pad: 3",
        (2, 2, 13, 40),
        dict(pad=3, stride=2, dilation=3),
    ),
    "whole": ("num_output: 2 kernel_size: 7", (3, 2, 7, 7), {}),
    "gaps": ("num_output: 2 kernel_size: 2 stride: 4", (1, 2, 9, 21), dict(stride=4)),
    "deep_pad": ("num_output: 6 kernel_size: 2 pad: 3", (1, 2, 4, 5), dict(pad=3)),
}


SLOW = {name: [pytest.mark.slow] for name in CASES if name.startswith("strips")}


@pytest.mark.parametrize("case", [pytest.param(name, marks=SLOW.get(name, [])) for name in CASES])
def test_agrees_with_one_window_at_a_time(case, rng):
    text, shape, options = CASES[case]
    it = layer(
        f'type: "Convolution" convolution_param {{ {text} group: 2 weight_filler {{ type: "gaussian" }} }}', shape
    )
    assert "depthwise_plain" in it.emit.steps[0].label
    x = rng.normal(size=shape)
    (y,) = it.forward(x)
    w = it.blobs[0].data.astype("d")
    expected = convolution(x, w, group=2, **options)
    assert_allclose(y, expected, atol=1e-5 * abs(expected).max())
    dy = rng.normal(size=y.shape)
    it.bottoms[0].diff[...] = np.nan
    (dx,) = it.backward(dy)
    wanted = gradients(x, w, dy, group=2, **options)
    for found, each in zip((dx, *(blob.diff for blob in it.blobs)), wanted, strict=True):
        assert_allclose(found, each, atol=1e-5 * abs(each).max())
