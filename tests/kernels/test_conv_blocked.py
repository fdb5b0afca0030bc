"""The tile of blocked convolutions: all tiles, activations, strides, parts of rows, sums."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.engine import pack
from protonet.engine.tiles import TILES
from protonet.kernels import conv_blocked
from protonet.kernels.conv_blocked import BELOW, CLAMP, SLOPES
from protonet.kernels.simd import W
from tests.kernels.blocked import blocked, convolved, empty, plain
from tests.kernels.tools import run

RULES = {
    BELOW: lambda y, s: np.maximum(y, -0.2),
    CLAMP: lambda y, s: np.clip(y, -0.2, 0.5),
    SLOPES: lambda y, s: np.where(y > 0, y, s * y),
}


@pytest.mark.parametrize(("tile", "act"), [(tile, BELOW) for tile in TILES] + [(TILES[0], CLAMP), (TILES[0], SLOPES)])
def test_each_tile(tile, act, rng):
    """3 x 3 with a sum, rows that no tile divides, a number of vectors that no tile divides."""
    N, C, K, H, V = 2, 2 * W, 3 * W, 5, 23
    x, w, bias, slope = (rng.normal(size=s).astype(np.float32) for s in ((N, C, H, V), (K, C, 3, 3), (K,), (K,)))
    w /= np.sqrt(9 * C)
    r = rng.normal(size=(N, K, H - 2, V - 2)).astype(np.float32)
    (xb, xs), (rb, rs), (yb, ys) = blocked(x), blocked(r), empty(N, K, H - 2, V - 2)
    places = [c * xs[2] + i * xs[1] + j * W for c in range(2) for i in range(3) for j in range(3)]
    runs = 4 * np.diff([*places, places[-1]]).astype(np.int64)
    packed = np.ascontiguousarray(pack.direct(w)).reshape(-1)
    chunk = 3
    tiles = N * (H - 2) * -(-(V - 2) // tile[0])
    tasks = -(-tiles // chunk) * -(-3 // tile[1])
    args = 1, 3, N, H - 2, V - 2, chunk, 0, xs[0], xs[1], *ys, *rs, 1, -0.2, 0.5
    kernel = conv_blocked.conv(*tile, W, W, act)
    run(kernel, xb, runs, packed, bias, slope, rb, yb, packed[:1], *args, tasks=tasks, python=False)
    wanted = RULES[act](convolved(x, w, bias) + r, slope.reshape(-1, 1, 1))
    assert_allclose(plain(yb, N, K, H - 2, V - 2), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("lanes", [n for n in (16, 8, 4) if n <= W])
def test_runs_of_fewer_channels_and_groups(lanes, rng):
    N, G, C, K = 1, 2, W, 2 * W
    x, w, bias = (rng.normal(size=s).astype(np.float32) for s in ((N, G * C, 4, 9), (G * K, C, 1, 1), (G * K,)))
    (xb, xs), (yb, ys) = blocked(x), empty(N, G * K, 4, 9)
    runs = np.full(C // lanes, 4 * lanes, np.int64)
    packed = np.ascontiguousarray(pack.direct(w, lanes, G)).reshape(-1)
    pixels, vectors = TILES[0]
    tasks = G * -(-(K // W) // vectors)
    args = G, K // W, N, 1, 36, 99, xs[2], xs[0], 0, ys[0], 0, ys[2], 0, 0, 0, 0, -np.inf, 0.0
    kernel = conv_blocked.conv(pixels, vectors, lanes, W, BELOW)
    run(kernel, xb, runs, packed, bias, bias, bias, yb, packed[:1], *args, tasks=tasks, python=False)
    assert_allclose(plain(yb, N, G * K, 4, 9), convolved(x, w, bias, groups=G), rtol=1e-4, atol=1e-5)


def test_a_kernel_is_found_by_its_name():
    kernel = conv_blocked.conv(3, 1, W, 2 * W, CLAMP)
    assert conv_blocked.named(kernel.name) is kernel


@pytest.mark.parametrize(("pixels", "vectors"), TILES[:3] + TILES[-1:])
@pytest.mark.parametrize("full", [0, 1, 2])
def test_a_last_vector_that_is_half_a_one(pixels, vectors, full, rng):
    """Alone or beside others in its tile; two groups; past its channels there are zeros, whatever was there."""
    N, G, C, K = 2, 2, W, full * W + W // 2 - 1
    x, w, bias = (rng.normal(size=s).astype(np.float32) for s in ((N, G * C, 4, 9), (G * K, C, 1, 1), (G * K,)))
    blocks = full + 1
    (xb, xs), (yb, ys) = blocked(x), empty(N, G * blocks * W, 4, 9)
    yb[...] = np.nan
    filled = np.zeros((G, blocks * W), np.float32)
    filled[:, :K] = bias.reshape(G, K)
    packed = np.ascontiguousarray(pack.direct(w, W, G)).reshape(-1)
    tasks = G * -(-blocks // vectors)
    args = G, blocks, N, 1, 36, 99, xs[2], xs[0], 0, ys[0], 0, ys[2], 0, 0, 0, 0, -np.inf, 0.0
    kernel = conv_blocked.conv(pixels, vectors, W, W, BELOW, half=True)
    assert conv_blocked.named(kernel.name) is kernel
    bias = filled.reshape(-1)
    runs = np.full(1, 4 * W, np.int64)
    run(kernel, xb, runs, packed, bias, bias, bias, yb, packed[:1], *args, tasks=tasks, python=False)
    made = plain(yb, N, G * blocks * W, 4, 9).reshape(N, G, blocks * W, 4, 9)
    wanted = convolved(x, w, filled[:, :K].reshape(-1), groups=G).reshape(N, G, K, 4, 9)
    assert_allclose(made[:, :, :K], wanted, rtol=1e-4, atol=1e-5)
    assert not made[:, :, K:].any()


@pytest.mark.parametrize("vectors", [1, 2, 3, 4])
@pytest.mark.parametrize("blocks", [1, 2, 4, 5, 7, 8])
def test_what_is_left_of_the_vectors(vectors, blocks, rng):
    """Three at once leave two, which go together, or one."""
    C, K = W, blocks * W
    x, w, bias = (rng.normal(size=s).astype(np.float32) for s in ((1, C, 3, 5), (K, C, 1, 1), (K,)))
    (xb, xs), (yb, ys) = blocked(x), empty(1, K, 3, 5)
    packed = np.ascontiguousarray(pack.direct(w)).reshape(-1)
    args = 1, blocks, 1, 1, 15, 99, 0, xs[0], 0, ys[0], 0, ys[2], 0, 0, 0, 0, -np.inf, 0.0
    kernel, runs = conv_blocked.conv(4, vectors), np.full(1, 4 * W, np.int64)
    run(kernel, xb, runs, packed, bias, bias, bias, yb, packed[:1], *args, tasks=-(-blocks // vectors), python=False)
    assert_allclose(plain(yb, 1, K, 3, 5), convolved(x, w, bias), rtol=1e-4, atol=1e-5)
