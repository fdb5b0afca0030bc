import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.runtime import execute
from tests.naive.convolution import convolution, gradients
from tests.tools import check_gradient, layer, run

FILLED = 'weight_filler { type: "gaussian" } bias_filler { type: "gaussian" }'
# text, shape of x, and the same for the naive twin
CASES = {
    "plain": ("num_output: 4 kernel_size: 3", (2, 3, 6, 5), {}),
    "pad": ("num_output: 5 kernel_size: 3 pad: 1", (3, 3, 6, 7), dict(pad=1)),
    "stride": ("num_output: 4 kernel_size: 3 stride: 2 pad: 1", (2, 3, 7, 9), dict(stride=2, pad=1)),
    "long_stride": ("num_output: 4 kernel_size: 5 stride: 3 pad: 2", (2, 3, 11, 13), dict(stride=3, pad=2)),
    "gaps": ("num_output: 4 kernel_size: 2 stride: 3", (2, 3, 7, 8), dict(stride=3)),
    "dilation": ("num_output: 4 kernel_size: 3 dilation: 2 pad: 2", (1, 3, 7, 6), dict(dilation=2, pad=2)),
    "pad_beyond_window": ("num_output: 3 kernel_size: 2 pad: 3", (1, 2, 4, 5), dict(pad=3)),
    "uneven": (
        "num_output: 4 kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 2 pad_h: 0 pad_w: 1",
        (2, 3, 5, 6),
        dict(stride=(1, 2), pad=(0, 1)),
    ),
    "repeated": ("num_output: 2 kernel_size: 1 kernel_size: 3 pad: 0 pad: 1", (2, 3, 4, 5), dict(pad=(0, 1))),
    "point": ("num_output: 5 kernel_size: 1", (3, 4, 3, 3), {}),
    "point_stride": ("num_output: 5 kernel_size: 1 stride: 2", (2, 4, 5, 6), dict(stride=2)),
    "whole": ("num_output: 5 kernel_h: 4 kernel_w: 3", (3, 2, 4, 3), {}),
    "one_output": ("num_output: 1 kernel_size: 3", (2, 3, 5, 5), {}),
    "group": ("num_output: 6 kernel_size: 3 pad: 1 group: 3", (2, 6, 5, 4), dict(pad=1, group=3)),
    "depthwise": ("num_output: 3 kernel_size: 3 pad: 1 group: 3", (2, 3, 5, 40), dict(pad=1, group=3)),
    "depthwise_many": (
        "num_output: 6 kernel_size: 3 stride: 2 group: 3",
        (2, 3, 7, 9),
        dict(stride=2, group=3),
    ),
    "line": ("num_output: 4 kernel_size: 3 stride: 2 pad: 1", (2, 3, 8), dict(stride=2, pad=1)),
    "volume": (
        "num_output: 3 kernel_size: 2 kernel_size: 3 kernel_size: 1 pad: 1 pad: 0 pad: 0 stride: 2",
        (2, 2, 3, 5, 4),
        dict(pad=(1, 0, 0), stride=2),
    ),
    "four_axes": (
        "num_output: 4 kernel_size: 2 stride: 1 stride: 2 stride: 1 stride: 2 pad: 1 group: 2",
        (1, 4, 2, 3, 2, 3),
        dict(pad=1, stride=(1, 2, 1, 2), group=2),
    ),
    "many": ("num_output: 35 kernel_size: 3 pad: 1", (2, 70, 6, 5), dict(pad=1)),
    "deep": ("num_output: 3 kernel_size: 3", (2, 70, 3, 4), {}),
    "wide": ("num_output: 2 kernel_size: 3 pad: 1", (1, 2, 2, 150), dict(pad=1)),
    "sides": (
        "num_output: 3 kernel_size: 3 pad_t: 1 pad_l: 0 pad_b: 2 pad_r: 3",
        (1, 2, 4, 5),
        dict(pad=((1, 2), (0, 3))),
    ),
    "same": ("num_output: 3 kernel_size: 3 stride: 2 pad_type: 1", (1, 2, 4, 5), dict(pad=((0, 1), (1, 1)), stride=2)),
    "hole": ("num_output: 3 kernel_size: 3 hole: 2", (1, 2, 6, 5), dict(dilation=2)),
}


def made(text, *shapes, **options):
    return layer(f'type: "Convolution" convolution_param {{ {text} {FILLED} }}', *shapes, **options)


def close(found, expected, tolerance=1e-5):
    assert found.shape == expected.shape
    assert_allclose(found, expected, rtol=0, atol=tolerance * abs(expected).max())


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_one_window_at_a_time(case, rng):
    text, shape, options = CASES[case]
    it, x = made(text, shape), rng.normal(size=shape)
    it.tops[0].data[...] = np.nan
    _, (y,) = run(it, x)
    w, b = (blob.data.astype("d") for blob in it.blobs)
    close(y.data, convolution(x, w, b, **options))


@pytest.mark.parametrize("case", CASES)
def test_gradients_agree_with_one_window_at_a_time(case, rng):
    text, shape, options = CASES[case]
    it, x = made(text, shape), rng.normal(size=shape)
    it.forward(x)
    dy = rng.normal(size=it.tops[0].data.shape)
    it.bottoms[0].diff[...] = np.nan
    (dx,) = it.backward(dy)
    expected = gradients(x, it.blobs[0].data.astype("d"), dy, **options)
    for found, each in zip((dx, *(blob.diff for blob in it.blobs)), expected, strict=True):
        close(found, each)


def test_without_bias_there_is_none(rng):
    it, x = made("num_output: 4 kernel_size: 3 bias_term: false", (2, 3, 5, 4)), rng.normal(size=(2, 3, 5, 4))
    assert len(it.blobs) == 1
    _, (y,) = run(it, x)
    close(y.data, convolution(x, it.blobs[0].data))


@pytest.mark.parametrize("axis", [0, 1, 2, -2, -3])
def test_what_is_before_the_axis_are_images(axis, rng):
    x = rng.normal(size=(2, 3, 4, 5))
    it = made(f"num_output: 3 kernel_size: 2 axis: {axis}", x.shape)
    _, (y,) = run(it, x)
    axis %= 4
    images = x.reshape(-1, *x.shape[axis:])
    expected = convolution(images, *(blob.data for blob in it.blobs))
    close(y.data, expected.reshape(*x.shape[:axis], *expected.shape[1:]))


def test_without_spatial_axes_it_is_a_product_of_channels(rng):
    x = rng.normal(size=(4, 3))
    it = made("num_output: 2 kernel_size: 1", x.shape)
    _, (y,) = run(it, x)
    assert it.blobs[0].data.shape == (2, 3)
    close(y.data, x @ it.blobs[0].data.T + it.blobs[1].data)


def test_one_set_of_weights_serves_several_bottoms(rng):
    text = f'type: "Convolution" top: "a" top: "b" convolution_param {{ num_output: 2 kernel_size: 3 {FILLED} }}'
    it = layer(text, (1, 3, 4, 5), (1, 3, 4, 5))
    xs = rng.normal(size=(2, 1, 3, 4, 5))
    _, tops = run(it, *xs)
    for x, top in zip(xs, tops, strict=True):
        close(top.data, convolution(x, *(blob.data for blob in it.blobs)))
    check_gradient(it, *xs)


def test_weights_are_outputs_by_channels_of_a_group():
    assert made("num_output: 6 kernel_size: 4 group: 2", (1, 8, 5, 5)).blobs[0].data.shape == (6, 4, 4, 4)


def test_engine_and_force_nd_im2col_change_nothing(rng):
    x = rng.normal(size=(2, 3, 5, 4))
    plain = made("num_output: 4 kernel_size: 3", x.shape)
    other = made("num_output: 4 kernel_size: 3 engine: CUDNN force_nd_im2col: true", x.shape)
    assert_array_equal(run(plain, x)[1][0].data, run(other, x)[1][0].data)


@pytest.mark.parametrize("slope", [0, 0.1])
def test_a_relu_behind_is_part_of_it(slope, rng):
    x = rng.normal(size=(2, 3, 5, 4))
    it = made(f"num_output: 4 kernel_size: 3 relu: true negative_slope: {slope}", x.shape)
    _, (y,) = run(it, x)
    linear = convolution(x, *(blob.data for blob in it.blobs))
    close(y.data, np.where(linear > 0, linear, slope * linear))
    dy = rng.normal(size=y.data.shape)
    (dx,) = it.backward(dy)
    close(dx, gradients(x, it.blobs[0].data, np.where(linear > 0, dy, slope * dy))[0])


def test_fixed_weights_have_no_gradient():
    assert [blob.diff for blob in made("num_output: 4 kernel_size: 3 weight_fixed: true", (1, 2, 4, 4)).blobs] == [
        None
    ] * 2


def test_nan_stays_where_windows_see_it():
    x = np.zeros((1, 2, 6, 7))
    x[0, 1, 2, 3] = np.nan
    _, (y,) = run(made("num_output: 13 kernel_size: 3", x.shape), x)
    seen = np.zeros((4, 5), bool)
    seen[0:3, 1:4] = True
    assert_array_equal(np.isnan(y.data), np.broadcast_to(seen, y.data.shape))


@pytest.mark.parametrize("case", ["pad", "stride", "group", "depthwise", "volume", "many"])
def test_any_number_of_threads_gives_the_same_bits(case, rng, monkeypatch):
    monkeypatch.setattr(execute, "WORTH", 0)
    monkeypatch.setattr(execute, "SMALL", 0)
    text, (n, *shape), _ = CASES[case]
    shape = (13 * n, *shape)
    x, found = rng.normal(size=shape), []
    for threads in (1, 3):
        it = made(text, shape, threads=threads)
        y = it.forward(x)[0].copy()
        (dx,) = it.backward(np.sin(y))
        found.append([y, dx.copy(), *(blob.diff.copy() for blob in it.blobs)])
    for one, three in zip(*found, strict=True):
        assert_array_equal(one, three)


@pytest.mark.parametrize("case", ["plain", "stride", "dilation", "line", "volume", "group", "depthwise", "four_axes"])
def test_gradient(case, rng):
    text, shape, _ = CASES[case]
    check_gradient(made(text, (1, *shape[1:])), rng.normal(size=(1, *shape[1:])))


REFUSED = {
    "num_output must be at least 1, found none or 0": "kernel_size: 3",
    "kernel_size is given once, or once for each of 2 spatial axes; found none": "num_output: 3",
    "kernel_size is given once, or once for each of 2 spatial axes; found 3 values": (
        "num_output: 3 kernel_size: 3 kernel_size: 3 kernel_size: 3"
    ),
    "give kernel_size or kernel_h and kernel_w, not both": "num_output: 3 kernel_size: 3 kernel_h: 2 kernel_w: 2",
    "kernel_h and kernel_w go together, found only kernel_h": "num_output: 3 kernel_h: 2",
    "give pad or pad_h and pad_w, not both": "num_output: 3 kernel_size: 3 pad: 1 pad_h: 2 pad_w: 1",
    "pad_type is 0 .* or 1 .*, found 2": "num_output: 3 kernel_size: 3 pad_type: 2",
    "pad, pad_l to pad_b and pad_type exclude each other": "num_output: 3 kernel_size: 3 pad: 1 pad_l: 2",
    "dilation and hole mean the same": "num_output: 3 kernel_size: 3 dilation: 2 hole: 2",
    "kernel_size must be at least 1, found 0 x 0": "num_output: 3 kernel_size: 0",
    "stride must be at least 1, found 0 x 0": "num_output: 3 kernel_size: 3 stride: 0",
    "dilation must be at least 1, found 1 x 0": "num_output: 3 kernel_size: 3 dilation: 1 dilation: 0",
    "group must be at least 1, found 0": "num_output: 3 kernel_size: 3 group: 0",
    "group 4 does not divide 6 channels: use 1, 2": "num_output: 4 kernel_size: 3 group: 4",
    "group 3 does not divide num_output 4: use 1, 2": "num_output: 4 kernel_size: 3 group: 3",
    "a window of 9 x 9 does not fit a map of 5 x 7: make": "num_output: 3 kernel_size: 9",
    "a window of 9 x 9 does not fit a map of 5 x 7 padded to 7: make": "num_output: 3 kernel_size: 9 pad: 1",
    "axis 4 is out of range": "num_output: 3 kernel_size: 3 axis: 4",
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_makes_no_sense_is_refused(message):
    with pytest.raises(ShapeError, match=message):
        made(REFUSED[message], (2, 6, 5, 7))


def test_pairs_are_for_two_axes():
    with pytest.raises(ShapeError, match="kernel_h and kernel_w are for 2 spatial axes, found 1: use kernel_size"):
        made("num_output: 3 kernel_h: 2 kernel_w: 2", (2, 6, 5))
    with pytest.raises(ShapeError, match="pad_l, pad_r, pad_t, pad_b are for 2 spatial axes, found 1: use pad"):
        made("num_output: 3 kernel_size: 2 pad_l: 1", (2, 6, 5))


def test_bottoms_of_different_shapes_are_refused():
    text = f'type: "Convolution" top: "a" top: "b" convolution_param {{ num_output: 2 kernel_size: 3 {FILLED} }}'
    with pytest.raises(ShapeError, match=r"bottoms must have one shape, found \(1, 3, 4, 5\) and \(1, 3, 5, 4\)"):
        layer(text, (1, 3, 4, 5), (1, 3, 5, 4))


def test_as_many_tops_as_bottoms_are_asked_for():
    text = f'type: "Convolution" top: "a" convolution_param {{ num_output: 2 kernel_size: 3 {FILLED} }}'
    with pytest.raises(NetError, match="gives one top per bottom, found 2 bottoms and 1 tops"):
        layer(text, (1, 3, 4, 5), (1, 3, 4, 5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input_scale: 0.5", "input_scale is for quantised nets"),
        ("gen_mode: true", "gen_mode is not supported"),
        ("relu: true negative_slope: -1", "negative_slope must be at least 0 beside relu: true, found -1"),
    ],
)
def test_what_is_not_known_here_is_refused(text, message):
    with pytest.raises(NetError, match=message):
        made(f"num_output: 3 kernel_size: 3 {text}", (2, 6, 5, 7))


@pytest.mark.parametrize("case", ["plain", "stride", "pad", "group", "depthwise", "four_axes"])
def test_no_images_give_no_outputs_and_no_gradient(case):
    text, (_, *shape), _ = CASES[case]
    it = made(text, (0, *shape))
    (y,) = it.forward(np.zeros((0, *shape)))
    (dx,) = it.backward(y)
    assert y.shape[0] == dx.shape[0] == 0
    assert not any(blob.diff.any() for blob in it.blobs)


def test_multiply_adds_are_counted():
    it = made("num_output: 6 kernel_size: 3 group: 2", (2, 4, 5, 7))
    assert it.layer.macs([(2, 4, 5, 7)], [(2, 6, 3, 5)]) == 2 * 6 * 15 * 2 * 9
