"""The data's gradient of windows with strides: any window, groups, what is added, in place or not."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.engine.layout import BLOCKED, Cell
from protonet.engine.plan import Constants, Lowering
from protonet.engine.train.phases import Phases, axis
from protonet.kernels.simd import W
from protonet.layers.spatial import Window
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer
from tests.engine.train.cells import fill, read

LAYER = SimpleNamespace(name="conv")
CASES = [  # N, groups, C and K of a group, map, kernel, stride, pad, dilation
    (2, 1, 2 * W, 3 * W, (11, 14), (3, 3), (2, 2), (1, 1), (1, 1)),
    (2, 1, W + 3, 5, (10, 9), (1, 1), (2, 2), (0, 0), (1, 1)),
    (1, 1, 3, 20, (23, 24), (7, 7), (2, 2), (3, 3), (1, 1)),
    (1, 1, 3, 20, (31, 30), (11, 11), (4, 4), (0, 0), (1, 1)),
    (2, 2, W, 2 * W, (9, 12), (5, 3), (2, 1), (2, 0), (1, 1)),
    (2, 1, 5, 6, (12, 9), (2, 3), (3, 2), (1, 2), (1, 2)),
    (1, 1, 5, 6, (6, 5), (1, 2), (1, 1), (2, 3), (1, 1)),
    (1, 1, W, W, (2, 1), (3, 3), (4, 4), (2, 2), (1, 1)),
]


def test_phases_share_out_the_taps():
    assert axis(3, 2, 1, 1) == [[(1, 0)], [(0, 1), (2, 0)]]
    assert axis(1, 2, 0, 1) == [[(0, 0)], []]
    assert axis(2, 1, 3, 2) == [[(0, 3), (1, 1)]]


def gradient(dy, w, shape, window, groups):
    """dx, in float64."""
    (K, C, kh, kw), (N, _, H, V), (top, left), (sh, sw) = w.shape, shape, window.before, window.stride
    full = np.zeros((N, shape[1], H + 99, V + 99))
    _, _, OH, OV = dy.shape
    for g in range(groups):
        ks, cs = slice(g * K // groups, (g + 1) * K // groups), slice(g * C, (g + 1) * C)
        for i in range(kh):
            for j in range(kw):
                a, b = i * window.dilation[0], j * window.dilation[1]
                part = np.einsum("nkhw,kc->nchw", dy[:, ks].astype(np.float64), w[ks, :, i, j])
                full[:, cs, a : a + OH * sh : sh, b : b + OV * sw : sw] += part
    return full[:, :, top : top + H, left : left + V]


def made(case, adds, rng, threads=1):
    """adds: "", "old", or "within", in the place of what is added."""
    N, G, C, K, size, kernel, stride, pad, dilation = case
    window = Window(kernel, stride, pad, pad, dilation)
    x, out = (N, G * C, *size), window.outputs(size)
    dy = rng.normal(size=(N, G * K, *out)).astype(np.float32)
    w = rng.normal(size=(G * K, C, *kernel)).astype(np.float32)
    old = rng.normal(size=x).astype(np.float32)
    of, to, part = (Cell(shape, BLOCKED) for shape in (dy.shape, x, x))
    weights = Buffer(w.shape, "own")
    weights.own().view(np.float32)[:] = w.reshape(-1)
    op = Phases(LAYER, [of, part] if adds else [of], [to], window, G, weights)
    fill(of, dy)
    to.need(1, 2, 1, 0), part.need(1, 2, 1, 0)
    fill(part, old)
    lowering = Lowering(SimpleNamespace(ops=[op], constants=Constants(), random=Buffer((2,), "io", dtype="int64")))
    lowering.begin(op)
    if adds == "within":
        part.buffer.kind = "arena"
    else:
        fill(to, np.full(x, np.nan, np.float32))
    op.lower(lowering)
    part.buffer.kind = "own"
    Program(lowering.emit.steps, plan.packed(lowering.emit.steps), threads).run()
    return read(to), gradient(dy, w, x, window, G) + old * bool(adds), to.buffer is part.buffer


@pytest.mark.parametrize("adds", ["", "old", "within"])
@pytest.mark.parametrize("case", CASES)
def test_gradient(case, adds, rng):
    got, wanted, within = made(case, adds, rng)
    assert within == (adds == "within")
    assert_allclose(got, wanted, atol=1e-5 * abs(wanted).max())


@pytest.mark.parametrize("case", CASES[:5])
def test_threads_do_not_matter(case):
    one, two = (made(case, "old", np.random.default_rng(1), threads)[0] for threads in (1, 3))
    assert_array_equal(one, two)
