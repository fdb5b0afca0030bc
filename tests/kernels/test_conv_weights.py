"""The weights' gradient on blocked activations: parts of channels and of rows, strides, groups, chunks, odd numbers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.kernels import conv_weights
from protonet.kernels.conv_weights import INPUTS, SUMS, WIDEST
from protonet.kernels.simd import W
from tests.kernels.blocked import SLACK, blocked
from tests.kernels.tools import run


def gradient(x, dy, kernel, stride, groups=1):
    """dw (K, C / groups, kh, kw) of a convolution without padding, in float64."""
    (_, C, _, _), (_, K, OH, OV), (kh, kw) = x.shape, dy.shape, kernel
    dw = np.zeros((K, C // groups, kh, kw))
    for g in range(groups):
        ks, cs = slice(g * K // groups, (g + 1) * K // groups), slice(g * C // groups, (g + 1) * C // groups)
        for i in range(kh):
            for j in range(kw):
                seen = x[:, cs, i : i + stride * OH : stride, j : j + stride * OV : stride].astype(np.float64)
                dw[ks, :, i, j] = np.einsum("nkhw,nchw->kc", dy[:, ks].astype(np.float64), seen)
    return dw


def test_vectors_are_shared_out_evenly():
    for vecs in range(1, 40):
        sides = conv_weights.sides(vecs)
        starts = [conv_weights.starts(side, sides, vecs) for side in range(sides + 1)]
        widths = np.diff(starts)
        assert starts[0] == 0
        assert starts[-1] == vecs
        assert max(widths) - min(widths) <= 1
        assert max(widths) <= WIDEST


@pytest.mark.parametrize("vecs", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("kernel", "stride", "groups"), [((3, 2), 1, 1), ((1, 1), 1, 2), ((2, 3), 2, 1)])
@pytest.mark.parametrize(("chunk", "lines", "bunch"), [(8, 8, 99), (4, 2, 1), (2, 1, 3), (16, 4, 2)])
def test_channels_of_blocks(vecs, kernel, stride, groups, chunk, lines, bunch, rng):
    """Rows of 4 and 5, so that chunks are parts of an image, or some images."""
    N, C, K, T = 4, 2 * W, vecs * W, kernel[0] * kernel[1]
    OH, OV = 4, 5
    H, V = ((n - 1) * stride + k for n, k in zip((OH, OV), kernel, strict=True))
    x, dy = (rng.normal(size=s).astype(np.float32) for s in ((N, groups * C, H, V), (N, groups * K, OH, OV)))
    (xb, xs), (yb, ys) = blocked(x), blocked(dy)
    sides, places = conv_weights.sides(vecs), C * T
    parts = [
        (c // W * xs[2] + c % W + i * xs[1] + j * W, c * T + i * kernel[1] + j)
        for b in range(0, C, W) for i in range(kernel[0]) for j in range(kernel[1]) for c in range(b, b + W, INPUTS)
    ]  # fmt: skip
    many, much = -(-len(parts) // bunch), 1 + bunch % 2
    chunks = -(-N * OH // chunk)
    sums = np.full(chunks * groups * vecs * places * W, np.nan, np.float32)
    args = groups, vecs, sides, places, T, T * W // INPUTS, many, much, N, OH, OV, chunk, lines
    strides = C // W * xs[2], xs[0], stride * xs[1], stride * W, *ys
    tasks = chunks * groups * -(-sides // much) * -(-len(parts) // many)
    one = conv_weights.weights(INPUTS, vecs)
    run(one, xb, np.array(parts), yb, sums, *args, *strides, tasks=tasks, python=False)
    before = rng.normal(size=(groups, K, places)).astype(np.float32)
    dw, order = before.copy(), np.arange(places)
    run(conv_weights.collect, sums, order, dw, chunks, sides, places, tasks=groups * vecs, python=False)
    wanted = gradient(x, dy, kernel, stride, groups).reshape(before.shape)
    assert_allclose(dw - before, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("inputs", range(4, SUMS + 1, 3))
@pytest.mark.parametrize("K", [1, W - 1, 2 * W - 3])
def test_few_channels_side_by_side(inputs, K, rng):
    """A picture: parts of a row of the window, which reach beyond its end."""
    N, C, OH, OV, kernel, stride = 2, 3, 3, 4, (5, 3), 2
    vecs, T = -(-K // W), kernel[0] * kernel[1]
    if inputs * vecs > SUMS:
        pytest.skip("no room in registers")
    H, V = ((n - 1) * stride + k for n, k in zip((OH, OV), kernel, strict=True))
    x, dy = (rng.normal(size=s).astype(np.float32) for s in ((N, C, H, V), (N, K, OH, OV)))
    pixels = np.append(x.transpose(0, 2, 3, 1).reshape(-1), np.zeros(SLACK, np.float32))
    yb, ys = blocked(dy)
    wide, row = kernel[1] * C, V * C
    pitch = -(-wide // inputs) * inputs
    parts = [(i * row + s, i * pitch + s) for i in range(kernel[0]) for s in range(0, wide, inputs)]
    order = [i * pitch + j * C + c for c in range(C) for i in range(kernel[0]) for j in range(kernel[1])]
    places, sides = kernel[0] * pitch, conv_weights.sides(vecs)
    sums = np.full(2 * vecs * places * W, np.nan, np.float32)
    args = 1, vecs, sides, places, 1, 1, 2, 1, N, OH, OV, OH, 1
    strides = 0, H * row, stride * row, stride * C, *ys
    tasks = 2 * sides * -(-len(parts) // 2)
    one = conv_weights.weights(inputs, vecs)
    run(one, pixels, np.array(parts), yb, sums, *args, *strides, tasks=tasks, python=False)
    dw = np.zeros((1, K, C * T), np.float32)
    run(conv_weights.collect, sums, np.array(order), dw, 2, sides, places, tasks=vecs, python=False)
    assert_allclose(dw.reshape(K, C, *kernel), gradient(x, dy, kernel, stride), rtol=1e-4, atol=1e-4)


def test_a_kernel_is_found_by_its_name():
    kernel = conv_weights.weights(INPUTS, 5)
    assert conv_weights.named(kernel.name) is kernel
