"""What the compiler makes of plain Python, and what it refuses."""

import math
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.engine.tiles import TILES
from protonet.kernels import compile, conv_blocked
from protonet.kernels.bits import fma
from protonet.kernels.jit import f32, f64, i64, inline, kernel
from tests.kernels.tools import run

N = "N"
THIRD, MANY = 1 / 3, 3
helper = math.floor


@inline
def cubed(x, power=3.0):
    return x**2.0 * x if power == 3.0 else 0.0 * x


@kernel(out="y")
def constants(x: f32[N], y: f32[N], begin, end):
    a, b = 0.1, -1.5
    for i in range(begin, end):
        y[i] = THIRD * x[i] + a * x[i] ** 2.0 + b * fma(x[i], x[i], 0.5) + f32(MANY)


@kernel(out="y")
def helped(x: f32[N], y: f32[N], begin, end):
    for i in range(begin, end):
        y[i] = cubed(x[i]) + math.sqrt(abs(x[i])) + math.exp(0.1 * x[i])


@kernel(out="y")
def negative_ends(x: f32[N], y: f32[N], begin, end):
    """Empty ranges, in which numpy would count from the end."""
    for i in range(begin, end):
        y[i] = 0.0
        for j in range(i - 3, i):
            if j >= 0:
                y[i] += x[j]


def test_float_constants_are_single(rng):
    x, y = rng.normal(size=(2, 9)).astype(np.float32)
    run(constants, x, y, tasks=9)
    assert_allclose(y, x / 3 + 0.1 * x**2 - 1.5 * (x * x + 0.5) + 3, rtol=1e-4, atol=1e-5)


def test_inline_functions_and_libm_are_single_too(rng):
    x, y = rng.normal(size=(2, 9)).astype(np.float32)
    run(helped, x, y, tasks=9)
    assert_allclose(y, x**3 + np.sqrt(abs(x)) + np.exp(0.1 * x), rtol=1e-4, atol=1e-5)


def test_a_loop_may_look_back(rng):
    x, y = rng.normal(size=(2, 9)).astype(np.float32)
    run(negative_ends, x, y, tasks=9)
    assert_allclose(y, [x[max(0, i - 3) : i].sum() for i in range(9)], rtol=1e-5, atol=1e-5)


@kernel(out="y")
def halves(y: f32[N], begin, end):
    for i in range(begin, end):
        y[i] = i * y[i]


@kernel(out="y")
def mean(x: f32[N], y: f32[1], begin, end):
    y[0] = x.shape[0] / 3


@kernel(out="y")
def asked(y: f32[N], a: f64, begin, end):
    for i in range(begin, end):
        y[i] = i * y[i] + a


@kernel(out="y", double=True)
def declared(y: f32[N], begin, end):
    for i in range(begin, end):
        y[i] = i * y[i]


@inline
def wide(x):
    return f32(f64(x) * f64(x))


@kernel(out="y")
def through_inline(y: f32[N], begin, end):
    for i in range(begin, end):
        y[i] = wide(y[i])


@pytest.mark.parametrize("each", [halves, mean], ids=lambda k: k.name)
def test_float64_unasked_is_refused(each):
    with pytest.raises(TypeError, match=rf"{each.name} works in float64 unasked \(write f32\(n\) around integers\)"):
        each.compile()


@pytest.mark.parametrize("each", [asked, declared, through_inline], ids=lambda k: k.name)
def test_float64_is_allowed_where_it_is_asked_for(each):
    assert each.compile()


@kernel(out="y")
def raises(y: f32[N], begin, end):
    if begin < 0:
        raise ValueError
    y[0] = 1.0


@kernel(out="y")
def steps(y: f32[N], by: i64, begin, end):
    for i in range(0, y.shape[0], by):
        y[i] = 1.0


@pytest.mark.parametrize("each", [raises, steps], ids=lambda k: k.name)
def test_a_kernel_that_may_raise_is_refused(each):
    with pytest.raises(TypeError, match=f"{each.name} may raise an exception"):
        each.compile()


@kernel(out="y")
def gamma(y: f32[N], begin, end):
    y[0] = math.lgamma(y[0])


def test_a_kernel_that_needs_more_than_libm_is_refused():
    with pytest.raises(TypeError, match=r"gamma needs .*lgamma.*: a kernel may call nothing but libm"):
        gamma.compile()


@kernel(out="y")
def flat(y: f32[N, N], begin, end):
    y[begin] = 1.0


def test_too_few_indices_are_refused():
    with pytest.raises(Exception, match="a kernel indexes y with 2 integers"):
        flat.compile()


@pytest.mark.parametrize(
    ("shared", "expected"), [((), "a b y"), ((("y", "b"),), "a b b"), ((("y", "a"), ("y", "b")), "b b b")]
)
def test_arrays_at_one_place_have_one_owner(shared, expected):
    from protonet.kernels import pointwise

    assert " ".join(compile.owners(pointwise.add, shared).values()) == expected


@kernel(y="x", out="y")
def clamp(x: f32[N], y: f32[N], begin, end):
    for i in range(begin, end):
        y[i] = max(x[i], 0.0)


@pytest.mark.parametrize("shared", [(), (("y", "x"),)])
def test_simple_loops_become_vectors_in_place_too(shared):
    text = str(compile.module("clamp", *compile.signature(clamp, shared))[0])
    assert " x float>" in text
    assert "masked" not in text
    assert "memcheck" not in text


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("tile", TILES)
def test_the_sums_of_a_tile_stay_in_registers(tile, half):
    """Where LLVM brings loads too far forward, sums wait on the stack: no store of whole vectors may go there."""
    one = conv_blocked.conv(*tile, half=half)
    made, codegen = compile.module(one.symbol(), *compile.signature(one, ()))
    if not made.triple.startswith("x86_64"):
        pytest.skip("reads the assembly of x86")
    lines = codegen._tm.emit_assembly(compile.scheduled(made)).splitlines()
    assert sum("vfmadd" in line or "mulps" in line for line in lines) >= tile[0] * tile[1]
    assert not any("call" in line and "fma" in line for line in lines)
    assert sum("movup" in line and line.rstrip().endswith("(%rsp)") for line in lines) <= 4


X86 = pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="numba optimises for x86 here")
CPUS = {
    "haswell": "x86_64-unknown-linux-gnu",
    "nehalem": "x86_64-unknown-linux-gnu",
    "cortex-a72": "aarch64-unknown-linux-gnu",
    "neoverse-n1": "aarch64-unknown-linux-gnu",
    "apple-m1": "aarch64-unknown-linux-gnu",  # the CPU: its system changes no loop
}


@X86
@pytest.mark.slow
@pytest.mark.skipif("PROTONET_WIDTH" in os.environ or "NUMBA_CPU_NAME" in os.environ, reason="this is another CPU")
@pytest.mark.parametrize("cpu", CPUS)
def test_the_sums_of_hot_kernels_stay_in_registers_on_other_cpus(cpu):
    """By LLVM's code for them, in the innermost loops; each tile of every table."""
    command = [sys.executable, "-m", "tests.kernels.assembly_of", cpu, CPUS[cpu]]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = {name: (int(most), int(stores)) for name, most, stores in map(str.split, done.stdout.splitlines())}
    assert len(found) > 8
    for name, (most, stores) in found.items():
        assert most >= 8, f"{name}: the loop of its products was not found"
        assert stores == 0, f"{name} keeps sums on the stack: {stores} stores"


@pytest.mark.slow
@pytest.mark.skipif("PROTONET_WIDTH" in os.environ or "NUMBA_CPU_NAME" in os.environ, reason="this is another CPU")
def test_what_neon_would_run_computes_the_same(tmp_path):
    """Lanes in place of broadcasts, and tiles of its own, on this machine."""
    root = Path(__file__).parents[2]
    files = [str(root / f"tests/kernels/test_{name}.py") for name in ("conv_blocked", "conv_weights")]
    command = [sys.executable, "-m", "tests.kernels.neon", *files, "-m", "not slow"]
    environment = os.environ | {"PROTONET_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
