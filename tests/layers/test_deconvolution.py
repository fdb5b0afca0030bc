import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.deconvolution import deconvolution
from tests.tools import check_gradient, layer, run

FILLED = 'weight_filler { type: "gaussian" } bias_filler { type: "gaussian" }'
# text, shape of x, and the same for the naive twin
CASES = {
    "plain": ("kernel_size: 3", (2, 3, 4, 5), {}),
    "stride": ("kernel_size: 4 stride: 2 pad: 1", (2, 3, 4, 5), dict(stride=2, pad=1)),
    "gaps": ("kernel_size: 2 stride: 3", (2, 3, 4, 5), dict(stride=3)),
    "dilation": ("kernel_size: 3 dilation: 2 pad: 2", (1, 3, 5, 4), dict(dilation=2, pad=2)),
    "hole": ("kernel_size: 3 hole: 2", (1, 3, 5, 4), dict(dilation=2)),
    "uneven": (
        "kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 1",
        (2, 3, 4, 5),
        dict(stride=(2, 1), pad=(0, 1)),
    ),
    "line": ("kernel_size: 3 stride: 2", (2, 3, 7), dict(stride=2)),
    "volume": ("kernel_size: 3 kernel_size: 2 kernel_size: 1 stride: 2 pad: 0", (1, 3, 3, 2, 4), dict(stride=2)),
    "group": ("kernel_size: 3 stride: 2 group: 3", (2, 6, 3, 4), dict(stride=2, group=3)),
    "depthwise": ("kernel_size: 4 stride: 2 pad: 1 group: 6", (2, 6, 3, 4), dict(stride=2, pad=1, group=6)),
    "point": ("kernel_size: 1", (2, 3, 4, 5), {}),
    "many": ("kernel_size: 3 pad: 1", (1, 70, 6, 5), dict(pad=1)),
}


def made(text, *shapes, num_output=6, **options):
    return layer(f'type: "Deconvolution" convolution_param {{ num_output: {num_output} {text} }}', *shapes, **options)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("bias", [True, False])
def test_agrees_with_spreading_each_number_by_itself(case, bias, rng):
    text, shape, options = CASES[case]
    it = made(f"{text} {FILLED}" + ("" if bias else " bias_term: false"), shape)
    assert len(it.blobs) == 1 + bias
    x = rng.normal(size=shape)
    _, (y,) = run(it, x)
    expected = deconvolution(x, *(blob.data.astype("d") for blob in it.blobs), **options)
    assert_allclose(y.data, expected, atol=1e-5 * abs(expected).max())


def test_weights_are_inputs_by_outputs_of_a_group():
    assert made("kernel_size: 4 group: 2", (1, 8, 3, 3), num_output=6).blobs[0].data.shape == (8, 3, 4, 4)


def test_bilinear_weights_double_a_map(rng):
    text = 'kernel_size: 4 stride: 2 pad: 1 group: 2 bias_term: false weight_filler { type: "bilinear" }'
    it = made(text, (1, 2, 3, 3), num_output=2)
    ramp = np.broadcast_to(np.arange(3.0), (1, 2, 3, 3))
    _, (y,) = run(it, ramp)
    assert y.data.shape == (1, 2, 6, 6)
    assert_allclose(y.data[0, 0, 2], [0, 0.25, 0.75, 1.25, 1.75, 1.5], rtol=1e-6)  # the border fades to 0


def test_sides_are_padded_each_by_itself(rng):
    sides = made(f"kernel_size: 4 stride: 2 pad_t: 1 pad_l: 0 pad_b: 2 pad_r: 3 {FILLED}", (1, 3, 4, 5))
    whole = made(f"kernel_size: 4 stride: 2 {FILLED}", (1, 3, 4, 5))
    x = rng.normal(size=(1, 3, 4, 5))
    assert_array_equal(run(sides, x)[1][0].data, run(whole, x)[1][0].data[:, :, 1:-2, :-3])


def test_one_set_of_weights_serves_several_bottoms(rng):
    window = f"convolution_param {{ num_output: 2 kernel_size: 3 stride: 2 {FILLED} }}"
    it = layer(f'type: "Deconvolution" top: "a" top: "b" {window}', (1, 3, 2, 3), (1, 3, 2, 3))
    xs = rng.normal(size=(2, 1, 3, 2, 3))
    _, tops = run(it, *xs)
    for x, top in zip(xs, tops, strict=True):
        assert_allclose(top.data, deconvolution(x, it.blobs[0].data, it.blobs[1].data, stride=2), atol=1e-5)
    check_gradient(it, *xs)


@pytest.mark.parametrize("case", ["plain", "stride", "dilation", "line", "volume", "group", "depthwise", "point"])
def test_gradient(case, rng):
    text, shape, _ = CASES[case]
    check_gradient(made(f"{text} {FILLED}", shape), rng.normal(size=shape))


def test_the_gradient_of_many_channels_is_that_of_few(rng):
    """Kernels are chosen by the number of channels."""
    x, dy = rng.normal(size=(1, 3, 6, 5)), rng.normal(size=(1, 130, 6, 5))
    it = made(f"kernel_size: 3 pad: 1 {FILLED}", x.shape, num_output=130)
    it.forward(x)
    (dx,) = it.backward(dy)
    w = it.blobs[0].data.astype("d")
    expected = np.zeros(x.shape)
    padded = np.pad(dy, ((0, 0), (0, 0), (1, 1), (1, 1)))
    for i, j in np.ndindex(6, 5):
        expected[:, :, i, j] = np.einsum("nkhw,ckhw->nc", padded[:, :, i : i + 3, j : j + 3], w)
    assert_allclose(dx, expected, atol=1e-5 * abs(expected).max())


def test_what_pads_leave_nothing_of_is_refused():
    with pytest.raises(ShapeError, match="pad leaves nothing of a map of 0 x 1: make it smaller"):
        made("kernel_size: 2 kernel_size: 3 pad: 1", (1, 3, 1, 1))


def test_a_group_that_does_not_divide_is_refused():
    with pytest.raises(ShapeError, match="group 4 does not divide num_output 6: use 1, 2"):
        made("kernel_size: 3 group: 4", (1, 8, 3, 3))


def test_pad_type_is_refused():
    with pytest.raises(NetError, match="pad_type is for Convolution: give pad"):
        made("kernel_size: 3 pad_type: 1", (1, 3, 3, 3))
