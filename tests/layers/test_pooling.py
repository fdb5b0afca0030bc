import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.layers import TEST, TRAIN
from protonet.runtime import execute
from protonet.runtime.random import words
from tests.naive import pooling as naive
from tests.tools import check_gradient, layer, run

LOWEST = np.finfo("f").min
# text, shape of x, kernel, stride, pad, outputs
CASES = {
    "two": ("kernel_size: 2 stride: 2", (2, 3, 8, 10), (2, 2), (2, 2), (0, 0), (4, 5)),
    "rounded_up": ("kernel_size: 3 stride: 2", (2, 3, 8, 40), (3, 3), (2, 2), (0, 0), (4, 20)),
    "rounded_down": ("kernel_size: 3 stride: 2 round_mode: FLOOR", (2, 3, 8, 40), (3, 3), (2, 2), (0, 0), (3, 19)),
    "ceil_mode_false": ("kernel_size: 3 stride: 2 ceil_mode: false", (1, 3, 8, 9), (3, 3), (2, 2), (0, 0), (3, 4)),
    "overlapping": ("kernel_size: 3 pad: 1", (2, 2, 7, 33), (3, 3), (1, 1), (1, 1), (7, 33)),
    "padded": ("kernel_size: 3 stride: 2 pad: 1", (2, 2, 7, 33), (3, 3), (2, 2), (1, 1), (4, 17)),
    "clipped": ("kernel_size: 2 stride: 2 pad: 1", (1, 2, 5, 4), (2, 2), (2, 2), (1, 1), (3, 3)),
    "long_stride": ("kernel_size: 5 stride: 3 pad: 2", (1, 2, 23, 50), (5, 5), (3, 3), (2, 2), (9, 18)),
    "gaps": ("kernel_size: 2 stride: 3", (1, 2, 8, 20), (2, 2), (3, 3), (0, 0), (3, 7)),
    "point": ("kernel_size: 1 stride: 2", (1, 2, 7, 9), (1, 1), (2, 2), (0, 0), (4, 5)),
    "uneven": (
        "kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 2 pad_h: 1 pad_w: 0",
        (2, 2, 6, 9),
        (3, 2),
        (1, 2),
        (1, 0),
        (6, 5),
    ),
    "global": ("global_pooling: true", (3, 2, 5, 6), (5, 6), (1, 1), (0, 0), (1, 1)),
    "beyond": ("kernel_size: 9 stride: 4", (1, 2, 7, 8), (9, 9), (4, 4), (0, 0), (1, 1)),
    "wide": ("kernel_h: 2 kernel_w: 9 stride: 1", (1, 2, 4, 50), (2, 9), (1, 1), (0, 0), (3, 42)),
    "one_row": ("kernel_h: 1 kernel_w: 3 stride: 2 pad_w: 1 pad_h: 0", (1, 5, 1, 6), (1, 3), (2, 2), (0, 1), (1, 4)),
}


def made(text, *shapes, **options):
    return layer(f'type: "Pooling" pooling_param {{ {text} }}', *shapes, **options)


@pytest.mark.parametrize("case", CASES)
def test_the_largest_agrees_with_one_window_at_a_time(case, rng):
    text, shape, kernel, stride, pad, out = CASES[case]
    x = rng.integers(0, 9, shape).astype("f")  # with ties
    it = made(text, shape)
    _, (y,) = run(it, x)
    expected, where = naive.max_pool(x, out, kernel, stride, pad)
    assert_array_equal(y.data, expected)
    dy = rng.normal(size=y.data.shape)
    it.bottoms[0].diff[...] = np.nan
    (dx,) = it.backward(dy)
    assert_allclose(dx, naive.max_pool_grad(where, dy, shape), atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_the_largest_is_the_same_where_nobody_asks_for_its_place(case, rng):
    text, shape, *_ = CASES[case]
    x = rng.normal(size=shape).astype("f")
    silent = made(text, shape, wants=[False])
    assert_array_equal(run(silent, x)[1][0].data, run(made(text, shape), x)[1][0].data)
    assert "only" in silent.emit.steps[0].label or "wide" in silent.emit.steps[0].label


@pytest.mark.parametrize("case", CASES)
def test_a_second_top_is_the_places(case, rng):
    text, shape, kernel, stride, pad, out = CASES[case]
    x = rng.integers(0, 9, shape).astype("f")
    it = layer(f'type: "Pooling" top: "y" top: "mask" pooling_param {{ {text} }}', shape)
    y, mask = it.forward(x)
    expected, where = naive.max_pool(x, out, kernel, stride, pad)
    assert_array_equal(y, expected)
    assert_array_equal(mask, where)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_the_mean_agrees_with_one_window_at_a_time(case, inside, rng):
    text, shape, *sizes = CASES[case]
    kernel, stride, pad, out = sizes
    x = rng.normal(size=shape).astype("f")
    it = made(f"pool: {'AVE_EXC_PAD' if inside else 'AVE'} {text}", shape)
    _, (y,) = run(it, x)
    assert_allclose(y.data, naive.ave_pool(x, out, kernel, stride, pad, inside=inside), rtol=1e-5, atol=1e-6)
    if np.isnan(y.data).any():
        return
    dy = rng.normal(size=y.data.shape)
    it.bottoms[0].diff[...] = np.nan
    (dx,) = it.backward(dy)
    assert_allclose(dx, naive.ave_pool_grad(dy, shape, kernel, stride, pad, inside=inside), atol=1e-5)


def test_avg_include_pad_false_counts_the_map_alone():
    it = made("pool: AVE kernel_size: 3 stride: 1 pad: 1 avg_include_pad: false", (1, 1, 3, 4))
    assert_allclose(it.forward(1.0)[0], 1, rtol=1e-6)


@pytest.mark.parametrize("method", ["MAX", "AVE"])
def test_sides_are_padded_each_by_itself(method, rng):
    x = rng.normal(size=(1, 2, 5, 8)).astype("f")
    it = made(f"pool: {method} kernel_size: 3 stride: 2 pad_t: 0 pad_l: 1 pad_b: 2 pad_r: 0", x.shape)
    (y,) = it.forward(x)
    sizes = (3, 4), (3, 3), (2, 2), (0, 1)
    expected = naive.max_pool(x, *sizes)[0] if method == "MAX" else naive.ave_pool(x, *sizes, after=(2, 0))
    assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_pad_type_1_gives_as_many_windows_as_strides():
    assert made("kernel_size: 3 stride: 2 pad_type: 1", (1, 1, 7, 8)).tops[0].data.shape == (1, 1, 4, 4)


def test_a_window_wholly_outside_gives_the_lowest_number_and_no_gradient():
    it = made("kernel_size: 1 stride: 3", (1, 1, 5, 5))
    (y,) = it.forward(np.arange(25.0).reshape(1, 1, 5, 5))
    assert_array_equal(y[0, 0], [[0, 3, LOWEST], [15, 18, LOWEST], [LOWEST] * 3])
    (dx,) = it.backward(1.0)
    assert dx.sum() == 4


def test_a_mean_of_nothing_is_0_by_0_at_the_edge_and_0_beyond():
    assert_array_equal(made("pool: AVE kernel_size: 1 stride: 2", (1, 1, 1, 4)).forward(1.0)[0][0, 0], [[1, 1, np.nan]])
    assert_array_equal(made("pool: AVE kernel_size: 1 stride: 3", (1, 1, 1, 5)).forward(1.0)[0][0, 0], [[1, 1, 0]])


def test_nan_and_minus_infinity_never_win():
    x = np.array([[np.nan, 1, -np.inf, -np.inf, np.nan, np.nan, -3, np.inf]])
    it = layer('type: "Pooling" top: "y" top: "m" pooling_param { kernel_h: 1 kernel_w: 2 stride: 2 }', (1, 1, 1, 8))
    y, mask = it.forward(x.reshape(1, 1, 1, 8))
    assert_array_equal(y[0, 0, 0], [1, LOWEST, LOWEST, np.inf])
    assert_array_equal(mask[0, 0, 0], [1, -1, -1, 7])
    (dx,) = it.backward(1.0, 0.0)
    assert_array_equal(dx[0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 1])


def test_of_equals_the_first_wins():
    it = made("kernel_size: 2", (1, 1, 2, 3))
    it.forward(1.0)
    assert_array_equal(it.backward(1.0)[0][0, 0], [[1, 1, 0], [0, 0, 0]])


def test_mean_gradients_of_very_wide_strides(rng):
    """More columns than the kernel holds sums of."""
    shape, kernel, stride = (1, 1, 2, 21000), (1, 3), (1, 5000)
    it = made("pool: AVE kernel_h: 1 kernel_w: 3 stride_h: 1 stride_w: 5000", shape)
    y = it.forward(rng.normal(size=shape))[0]
    dy = rng.normal(size=y.shape)
    assert_allclose(it.backward(dy)[0], naive.ave_pool_grad(dy, shape, kernel, stride), atol=1e-6)


@pytest.mark.parametrize("case", ["two", "rounded_up", "gaps", "uneven", "global", "long_stride"])
def test_training_draws_one_of_each_window_in_proportion(case, rng):
    text, shape, kernel, stride, _, out = CASES[case]
    if case in ("uneven", "long_stride"):
        text = text.replace("pad_h: 1", "pad_h: 0").replace("pad: 2", "")
        out = (4, 5) if case == "uneven" else (7, 16)
    x = rng.uniform(0, 1, shape).astype("f")
    it = made(f"pool: STOCHASTIC {text}", shape)
    _, (y,) = run(it, x)
    count = y.data.size
    r = (words(1, 7, 1, count) >> 8).astype("f") * np.float32(2.0**-24)
    expected, where = naive.stochastic_pool(x, r.reshape(*shape[:2], *out), kernel, stride)
    assert_array_equal(y.data, expected)
    dy = rng.normal(size=y.data.shape)
    assert_allclose(it.backward(dy)[0], naive.max_pool_grad(where, dy, shape), atol=1e-5)


def test_draws_come_as_often_as_their_size_says():
    x = np.tile([1.0, 3.0], 20000).reshape(1, 1, 1, -1)
    (y,) = made("pool: STOCHASTIC kernel_h: 1 kernel_w: 2 stride: 2", x.shape).forward(x)
    assert abs((y == 3).mean() - 0.75) < 0.01


def test_each_iteration_draws_anew(rng):
    x = rng.uniform(0, 1, (2, 3, 16, 16))
    it = made("pool: STOCHASTIC kernel_size: 2 stride: 2", x.shape)
    first = it.forward(x)[0].copy()
    it.random[1] = 2
    assert (it.forward(x)[0] != first).any()
    it.random[1] = 1
    assert_array_equal(it.forward(x)[0], first)


@pytest.mark.parametrize("case", ["two", "rounded_up", "gaps", "global"])
def test_testing_gives_the_expected_number(case, rng):
    text, shape, kernel, stride, _, out = CASES[case]
    x = rng.uniform(0, 1, shape).astype("f")
    (y,) = made(f"pool: STOCHASTIC {text}", shape, phase=TEST).forward(x)
    assert_allclose(y, naive.expected_pool(x, out, kernel, stride), rtol=1e-5)


def test_a_window_of_zeros_expects_zero():
    assert_array_equal(made("pool: STOCHASTIC kernel_size: 2", (1, 1, 3, 3), phase=TEST).forward(0.0)[0], 0)
    assert_array_equal(made("pool: STOCHASTIC kernel_size: 2", (1, 1, 3, 3), phase=TRAIN).forward(0.0)[0], 0)


@pytest.mark.parametrize(
    "text", ["kernel_size: 2 stride: 2", "kernel_size: 3 stride: 1 pad: 1", "global_pooling: true"]
)
@pytest.mark.parametrize("method", ["MAX", "AVE"])
def test_gradient(method, text, rng):
    x = rng.permutation(2 * 2 * 5 * 4).reshape(2, 2, 5, 4) * 0.1
    check_gradient(made(f"pool: {method} {text}", x.shape), x)


def test_gradient_of_the_expected_number(rng):
    x = rng.uniform(0.5, 1.5, (2, 2, 5, 4))
    check_gradient(made("pool: STOCHASTIC kernel_size: 3 stride: 2", x.shape, phase=TEST), x)


@pytest.mark.parametrize("method", ["MAX", "AVE", "STOCHASTIC"])
def test_any_number_of_threads_gives_the_same_bits(method, rng, monkeypatch):
    monkeypatch.setattr(execute, "WORTH", 0)
    monkeypatch.setattr(execute, "SMALL", 0)
    x, found = rng.uniform(0, 1, (3, 5, 61, 67)), []
    for threads in (1, 3):
        it = made(f"pool: {method} kernel_size: 3 stride: 2", x.shape, threads=threads)
        y = it.forward(x)[0].copy()
        found.append([y, it.backward(np.sin(y))[0].copy()])
    for one, three in zip(*found, strict=True):
        assert_array_equal(one, three)


REFUSED = {
    "kernel_size is missing: give it, or kernel_h and kernel_w, or global_pooling": "pool: MAX",
    "give kernel_size, or kernel_h and kernel_w, not all": "kernel_size: 2 kernel_h: 2 kernel_w: 2",
    "give kernel_size, or kernel_h and kernel_w, not one of them": "kernel_h: 2",
    "give stride, or stride_h and stride_w, not all": "kernel_size: 2 stride: 1 stride_h: 1 stride_w: 1",
    "give pad, or pad_h and pad_w, not one of them": "kernel_size: 2 pad_w: 1",
    "global_pooling takes the whole map: give no kernel_size": "global_pooling: true kernel_size: 2",
    "global_pooling goes with pad 0 and stride 1": "global_pooling: true stride: 2",
    "kernel_size and stride must be at least 1, found 0 x 0": "kernel_size: 0",
    "at least 1, found 2 x 2 and 0 x 0": "kernel_size: 2 stride: 0",
    "pad must be smaller than the kernel, found pad 2 x 2, kernel 2 x 2": "kernel_size: 2 pad: 2",
    "pool: STOCHASTIC takes no pad": "pool: STOCHASTIC kernel_size: 3 pad: 1",
    "pad, pad_l to pad_b and pad_type exclude each other": "kernel_size: 3 pad: 1 pad_l: 1",
    "a window of 9 x 9 does not fit a map of 5 x 7: make": "kernel_size: 9",
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_makes_no_sense_is_refused(message):
    with pytest.raises(ShapeError, match=message):
        made(REFUSED[message], (2, 3, 5, 7))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 3, 4, 5, 6)])
def test_blobs_of_other_than_four_axes_are_refused(shape):
    with pytest.raises(ShapeError, match=f"expected a bottom of 4 axes .N, C, H, W., found {len(shape)} axes"):
        made("kernel_size: 2", shape)


def test_places_are_of_the_largest_only():
    with pytest.raises(NetError, match="a second top, the places of the largest, is for pool: MAX"):
        layer('type: "Pooling" top: "y" top: "m" pooling_param { pool: AVE kernel_size: 2 }', (1, 1, 4, 4))


@pytest.mark.parametrize("text", ["output_shift_instead_division: 2", "saturate: Signed", "axis: 2"])
def test_what_is_not_known_here_is_refused(text):
    with pytest.raises(NetError, match=f"{text.split(':')[0]} other than [01] is not supported"):
        made(f"kernel_size: 2 {text}", (1, 1, 4, 4))
