"""Vector code reads and writes nothing outside its arrays: each ends, or begins, at memory of no access."""

import ctypes
import mmap
import sys

import numpy as np
import pytest

from protonet.errors import ShapeError
from protonet.kernels import mean_pool, pool
from protonet.layers import convolve, matrix, spatial
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer, Emit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mprotect of the C library")
PAGE = mmap.PAGESIZE


class Layer:
    name = "bounds"


class Guarded:
    """Arrays with a page before and one behind that nobody may touch; a touch ends the process."""

    def __init__(self, at_end, rng):
        self.at_end, self.rng, self.maps = at_end, rng, []

    def memory(self, count, dtype):
        nbytes = count * np.dtype(dtype).itemsize
        size = -(-nbytes // PAGE) * PAGE
        made = mmap.mmap(-1, size + 2 * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        base = ctypes.addressof(ctypes.c_char.from_buffer(made))
        for page in (base, base + PAGE + size):
            assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), PAGE, 0) == 0
        self.maps.append(made)
        return np.frombuffer(made, dtype, count, PAGE + (size - nbytes if self.at_end else 0))

    def __call__(self, *shape, dtype="float32"):
        buffer = Buffer(shape, "own", dtype=dtype)
        buffer.memory = self.memory(buffer.count, dtype)
        buffer.memory[:] = self.rng.normal(size=buffer.count) if dtype == "float32" else 0
        return buffer

    def run(self, write):
        """What write(emit) emits, its scratch guarded as well."""
        emit = Emit().of(Layer)
        write(emit)
        for view in (view for step in emit.steps for view in step.views):
            if view.buffer.memory is None:
                view.buffer.kind, view.buffer.memory = "own", self.memory(view.buffer.count, view.buffer.dtype)
        Program(emit.steps, plan.exact(emit.steps), threads=1).run()


@pytest.fixture(params=[True, False], ids=["end", "begin"])
def guarded(request, rng):
    return Guarded(request.param, rng)


def some(rng, low, high):
    return tuple(int(n) for n in rng.integers(low, high, 2))


def test_convolutions_stay_inside(guarded, rng):
    for _ in range(25):
        window = spatial.Window(*(some(rng, *ends) for ends in ((1, 6), (1, 4), (0, 4), (0, 4), (1, 3))))
        sizes, N, G = some(rng, 1, 40), int(rng.integers(1, 4)), int(rng.choice([1, 1, 2, 3]))
        C, K = int(rng.choice([1, 1, 2, 5, 20, 70])), int(rng.choice([1, 2, 5, 17, 40]))
        try:
            out = window.outputs(sizes)
        except ShapeError:
            continue
        m = convolve.convolution(window, N, G, C, K, sizes, out)
        x, dx, y, dy = (guarded(N, G * n, *map_) for n, map_ in ((C, sizes), (C, sizes), (K, out), (K, out)))
        w, dw, b, db = (
            guarded(G * K, C, *window.kernel),
            guarded(G * K, C, *window.kernel),
            guarded(G * K),
            guarded(G * K),
        )

        def write(emit, m=m, x=x, dx=dx, y=y, dy=dy, w=w, dw=dw, b=b, db=db):
            convolve.forward(emit, m, w, b, x, y)
            convolve.data_gradient(emit, m, w, dy, dx)
            convolve.weight_gradient(emit, m, x, dy, dw)
            convolve.bias_gradient(emit, dy, db, m.N, m.G * m.K)

        guarded.run(write)


def test_products_stay_inside(guarded, rng):
    for _ in range(12):
        M, N, K = (int(n) for n in rng.choice([1, 2, 3, 15, 16, 17, 33, 100, 260], 3))
        a, b, c, bias = guarded(M, K), guarded(N, K), guarded(M, N), guarded(N)

        def write(emit, a=a, b=b, c=c, bias=bias, M=M, N=N, K=K):
            matrix.product(emit, a, b, c, M, N, K, turned=(False, True), bias=bias)
            matrix.product(emit, c, a, b, N, K, M, turned=(True, False), add=True)
            matrix.product(emit, c, b, a, M, K, N)

        guarded.run(write)


def test_pools_stay_inside(guarded, rng):
    for _ in range(25):
        kernel, stride, sizes, M = some(rng, 1, 6), some(rng, 1, 4), some(rng, 1, 40), int(rng.integers(1, 5))
        pads = [int(rng.integers(0, k)) for k in kernel]
        out = [-(-max(n + p - k, 0) // s) + 1 for n, p, k, s in zip(sizes, pads, kernel, stride, strict=True)]
        x, dx, y, tasks = guarded(M, *sizes), guarded(M, *sizes), guarded(M, *out), pool.tasks(M, *out)
        where = guarded(M, *out, dtype="int32")

        def write(emit, x=x, dx=dx, y=y, where=where, words=(*kernel, *stride, *pads), pads=pads, tasks=tasks):
            emit(pool.max_pool, x, y, where, *words, tasks=tasks)
            emit(pool.max_pool_only, x, y, *words, tasks=tasks)
            emit(pool.place_grad, y, where, dx, tasks=tasks)
            emit(mean_pool.average, x, y, *words, *pads, 0, tasks=tasks)
            emit(mean_pool.average_grad, y, dx, *words, *pads, 1, tasks=tasks, private=mean_pool.PRIVATE)

        guarded.run(write)
