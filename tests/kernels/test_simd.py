"""Vector instructions, at this machine's width and at every other: each does what its docstring says."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.kernels import simd
from protonet.kernels.jit import f32, i64, kernel
from protonet.kernels.simd import REGISTERS, E, W, address, intrinsic, tile
from tests.kernels.tools import run

A, B, M, N, K = "ABMNK"


@intrinsic
def arithmetic(e, x, y, z, out):
    """fma, max, min, const; one after the other."""
    a, b, c = e.load(x), e.load(y), e.load(z)
    e.store(e.fma(a, b, c), out)
    e.store(e.max(a, b), out, 4 * W)
    e.store(e.min(a, e.const(0.5)), out, 8 * W)
    e.store(e.splat(e.sum(a)), out, 12 * W)
    e.store(e.broadcast(y, 4), out, 16 * W)
    e.store(e.shuffle(a, b, [2 * W - 1, *range(W - 1)]), out, 20 * W)
    e.prefetch(x, 64)


@kernel(out="out")
def arithmetics(x: f32[A], y: f32[A], z: f32[A], out: f32[B], begin, end):
    arithmetic(address(x, 0), address(y, 0), address(z, 0), address(out, 0))


def test_arithmetic_by_lanes(rng):
    x, y, z = rng.normal(size=(3, W)).astype(np.float32)
    out = np.zeros(6 * W, np.float32)
    run(arithmetics, x, y, z, out, python=False)
    fma, most, least, total, one, shuffled = out.reshape(6, W)
    assert_allclose(fma, x * y + z, rtol=1e-5, atol=1e-6)
    assert_array_equal(most, np.maximum(x, y))
    assert_array_equal(least, np.minimum(x, np.float32(0.5)))
    assert_allclose(total, np.full(W, x.sum()), rtol=1e-5, atol=1e-6)
    assert_array_equal(one, np.full(W, y[1]))
    assert_array_equal(shuffled, [y[-1], *x[:-1]])


def test_max_and_min_keep_a_nan():
    x = np.full(W, np.nan, np.float32)
    out = np.zeros(6 * W, np.float32)
    run(arithmetics, x, x * 0 + 1, x, out, python=False)
    assert np.isnan(out[W : 3 * W]).all()


@intrinsic
def negate_some(e, x, y, n):
    mask = e.mask(n)
    e.store_masked(e.b.fneg(e.load_masked(x, mask)), y, mask)


@kernel(out="y")
def negate(x: f32[N], y: f32[N], begin, end):
    n = x.shape[0]
    for i in range((n + W - 1) // W):
        negate_some(address(x, i * W), address(y, i * W), min(n - i * W, W))


@pytest.mark.parametrize("n", [1, W - 1, W, W + 1, 3 * W - 2])
def test_masked_ends_touch_nothing_else(n, rng):
    x, y = rng.normal(size=(2, n)).astype(np.float32)
    run(negate, x, y, python=False)
    assert_array_equal(y, -x)


@intrinsic
def total(e: E, x, n, out):
    """Sums by a loop that carries a vector and an address."""
    _, sums = e.loop(n, [x, e.const(0)], lambda i, c: [e.at(c[0], 4 * W), e.b.fadd(c[1], e.load(c[0]))])
    e.store(sums, out)


@kernel(out="y")
def totals(x: f32[N], y: f32[M], n: i64, begin, end):
    total(address(x, 0), n, address(y, 0))


@pytest.mark.parametrize("n", [0, 1, 5])
def test_loops_run_n_times_and_carry(n, rng):
    x, y = rng.normal(size=6 * W).astype(np.float32), np.ones(W, np.float32)
    run(totals, x, y, n, python=False)
    assert_allclose(y, x.reshape(6, W)[:n].sum(0), rtol=1e-5, atol=1e-6)


@intrinsic
def gather(e, table, i, x) -> f32:
    """x at the place that word i of a table says."""
    return e.scalar(e.b.add(x, e.word(e.b.add(table, e.b.mul(i, e.int(8))))))


@kernel(out="y")
def gathers(x: f32[N], table: i64[M], y: f32[M], begin, end):
    for i in range(begin, end):
        y[i] = gather(address(table, 0), i, address(x, 0))


def test_tables_of_offsets(rng):
    x, y = rng.normal(size=9).astype(np.float32), np.zeros(4, np.float32)
    run(gathers, x, 4 * np.array([8, 0, 3, 3]), y, tasks=4, python=False)
    assert_array_equal(y, x[[8, 0, 3, 3]])


SHAPES = {(r, c): tile(r, c) for r, c in ((1, 1), (3, 2), (6, 2))}


def product(rows, columns):
    t = SHAPES[rows, columns]

    def multiply(a: f32[M, K], b: f32[K, N], c: f32[M, N], begin, end):
        t(
            address(a, (0, 0)),
            4 * a.shape[1],
            4,
            address(b, (0, 0)),
            4 * b.shape[1],
            address(c, (0, 0)),
            4 * c.shape[1],
            a.shape[1],
        )

    multiply.__name__ = f"multiply{rows}x{columns}"
    return kernel(multiply, out="c")


KERNELS = {shape: product(*shape) for shape in SHAPES}


@pytest.mark.parametrize("depth", [1, 5])
@pytest.mark.parametrize("shape", KERNELS)
def test_a_tile_adds_a_product(shape, depth, rng):
    rows, n = shape[0], shape[1] * W
    a, b = rng.normal(size=(rows, depth)).astype(np.float32), rng.normal(size=(depth, n)).astype(np.float32)
    c = np.ones((rows, n), np.float32)
    run(KERNELS[shape], a, b, c, python=False)
    assert_allclose(c, 1 + a @ b, rtol=1e-4, atol=1e-5)


def test_a_register_file_goes_with_the_width():
    assert (W, REGISTERS) in ((16, 32), (8, 16), (4, 16), (4, 32))


def test_a_width_that_no_machine_has_is_refused(monkeypatch):
    monkeypatch.setenv("PROTONET_WIDTH", "5")
    with pytest.raises(ValueError, match="PROTONET_WIDTH is 4, 8 or 16, not 5"):
        simd.width()


OTHERS = {  # CPUs that any x86 of today can play: features and (W, REGISTERS, FUSED)
    "haswell": ("+avx2,+avx,+fma,+bmi,+bmi2,+lzcnt,+movbe,+popcnt,+sse4.2,+cx16", (8, 16, True)),
    "nehalem": ("+popcnt,+sse4.2,+cx16", (4, 16, False)),
}


@pytest.mark.slow
@pytest.mark.parametrize("cpu", OTHERS)
@pytest.mark.skipif("PROTONET_WIDTH" in os.environ or "NUMBA_CPU_NAME" in os.environ, reason="this is another CPU")
@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="CPUs of x86")
def test_older_cpus_do_the_same(cpu):
    """Their registers, tiles that stay in them, and no call of libm where they cannot multiply and add in one go."""
    features, expected = OTHERS[cpu]
    environment = os.environ | {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": features}
    told = "from protonet.kernels import simd; print((simd.W, simd.REGISTERS, simd.FUSED))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", told], env=environment, cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == str(expected), done.stderr
    there = [__file__, str(root / "tests/kernels/test_conv_blocked.py"), str(root / "tests/kernels/test_compile.py")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *there, "-k", "simd or tile or vectors"]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("width", [w for w in (4, 8, 16) if w != W])
@pytest.mark.skipif("PROTONET_WIDTH" in os.environ or "NUMBA_CPU_NAME" in os.environ, reason="this is another CPU")
def test_other_widths_do_the_same(width):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    environment = os.environ | {"PROTONET_WIDTH": str(width)}
    root = Path(__file__).parents[2]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
