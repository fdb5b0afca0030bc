"""The weights' gradient as an operation: every form of cells, any window, groups, both algorithms, any cut."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.engine.layout import BLOCKED, PIXELS, Cell
from protonet.engine.plan import Constants, Lowering
from protonet.engine.train import weights
from protonet.engine.train.weights import Weights
from protonet.kernels.simd import W
from protonet.layers.spatial import Window
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer
from tests.engine.train.cells import fill

LAYER = SimpleNamespace(name="conv")
CASES = [  # N, groups, C and K of a group, map, kernel, stride, pad, dilation
    (2, 1, 2 * W, 3 * W, (9, 7), (3, 3), (1, 1), (1, 1), (1, 1)),
    (3, 1, W + 3, 5, (8, 8), (3, 3), (1, 1), (0, 1), (1, 1)),
    (2, 2, W, 2 * W, (9, 9), (5, 5), (1, 1), (2, 2), (1, 1)),
    (2, 2, 2 * W, W, (11, 6), (3, 2), (2, 1), (1, 0), (1, 2)),
    (5, 1, 40, 70, (7, 7), (1, 1), (1, 1), (0, 0), (1, 1)),
    (1, 1, 3 * W, 2 * W, (30, 31), (1, 1), (1, 1), (0, 0), (1, 1)),
    (2, 1, 20, 33, (13, 12), (1, 1), (2, 2), (0, 0), (1, 1)),
    (2, 1, 3, 20, (23, 25), (7, 7), (2, 2), (3, 3), (1, 1)),
    (2, 1, 1, 20, (12, 12), (5, 5), (1, 1), (0, 0), (1, 1)),
    (2, 1, 4, 9, (12, 15), (3, 3), (1, 1), (2, 2), (2, 2)),
]


def gradient(x, dy, shape, window):
    """dw, in float64."""
    (K, c, kh, kw), (top, left) = shape, window.before
    G = x.shape[1] // c
    pad = [(0, 0), (0, 0), (top, top + 99), (left, left + 99)]
    x = np.pad(x.astype(np.float64), pad)
    dw = np.zeros(shape)
    for g in range(G):
        ks, cs = slice(g * K // G, (g + 1) * K // G), slice(g * c, (g + 1) * c)
        for i in range(kh):
            for j in range(kw):
                rows, columns = (
                    slice(a * d, a * d + n * s, s)
                    for a, d, n, s in zip((i, j), window.dilation, dy.shape[2:], window.stride, strict=True)
                )
                dw[ks, :, i, j] = np.einsum("nkhw,nchw->kc", dy[:, ks], x[:, cs, rows, columns])
    return dw


def made(case, rng, exact, threads=1):
    N, G, C, K, size, kernel, stride, pad, dilation = case
    window = Window(kernel, stride, pad, pad, dilation)
    out = window.outputs(size)
    x = rng.normal(size=(N, G * C, *size)).astype(np.float32)
    dy = rng.normal(size=(N, G * K, *out)).astype(np.float32)
    at, of = Cell(x.shape, PIXELS if G == 1 and C <= 4 else BLOCKED, "x"), Cell(dy.shape, BLOCKED, "dy")
    below = ((n - 1) * s + e - b - h for n, s, e, b, h in zip(out, stride, window.extent, pad, size, strict=True))
    at.need(*pad, *below)
    dw = Buffer((G * K, C, *kernel), "own")
    dw.own().view(np.float32)[:] = 1
    op = Weights(LAYER, [at, of], [], window, G, dw, exact)
    fill(at, x), fill(of, dy)
    to = Lowering(SimpleNamespace(ops=[op], constants=Constants(), random=Buffer((2,), "io", "random", "int64")))
    to.begin(op)
    op.lower(to)
    Program(to.emit.steps, plan.packed(to.emit.steps), threads).run()
    return op, dw.memory.view(np.float32).reshape(dw.shape) - 1, gradient(x, dy, dw.shape, window)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_gradient(case, exact, rng):
    op, got, wanted = made(case, rng, exact)
    assert not (exact and op.form[0])
    assert_allclose(got, wanted, atol=2e-5 * abs(wanted).max())


@pytest.mark.parametrize("held", [1, 1 << 16])
@pytest.mark.parametrize("case", CASES[:3])
def test_winograd_in_chunks_of_images(case, held, rng, monkeypatch):
    monkeypatch.setattr(weights, "HELD", held)
    monkeypatch.setattr(weights.Weights, "cost", lambda self, form: -form[0])
    op, got, wanted = made(case, rng, False)
    assert op.form[0]
    assert_allclose(got, wanted, atol=2e-5 * abs(wanted).max())


@pytest.mark.parametrize(("near", "short", "long"), [(1, 1, 30), (1 << 12, 40, 100), (1 << 20, 1 << 20, 1 << 20)])
@pytest.mark.parametrize("case", CASES)
def test_direct_cut_anyhow(case, near, short, long, rng, monkeypatch):
    for name, value in (("NEAR", near), ("SHORT", short), ("LONG", long)):
        monkeypatch.setattr(weights, name, value)
    _, got, wanted = made(case, rng, True)
    assert_allclose(got, wanted, atol=2e-5 * abs(wanted).max())


@pytest.mark.parametrize("case", CASES[:5])
def test_threads_do_not_matter(case):
    one, two = (made(case, np.random.default_rng(1), False, threads)[1] for threads in (1, 3))
    assert_array_equal(one, two)
