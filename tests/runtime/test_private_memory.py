"""Memory that each thread has for itself: large enough, aligned, and nobody else's while a task runs."""

from types import SimpleNamespace

import numpy as np
import pytest

from protonet.kernels.jit import f32, kernel
from protonet.kernels.memory import get, put
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer, Emit

N, S = "NS"


@kernel(out="y")
def through_memory(x: f32[N, S], y: f32[N, S], begin, end, memory):
    """y <- 2 x, by way of the thread's own memory; a task is a row."""
    for n in range(begin, end):
        for s in range(x.shape[1]):
            put(memory + 4 * s, x[n, s] + x[n, s])
        for s in range(x.shape[1]):
            y[n, s] = get(memory + 4 * s)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_each_thread_has_its_own(threads, rng):
    x, y = Buffer((64, 3000), "io", "x"), Buffer((64, 3000), "io", "y")
    emit = Emit().of(SimpleNamespace(name="test"))
    emit(through_memory, x, y, tasks=64, private=12000)
    program = Program(emit.steps, plan.packed(emit.steps), threads)
    program.array(x)[...] = rng.normal(size=x.shape)
    for _ in range(20):
        program.array(y)[...] = np.nan
        program.run()
        np.testing.assert_array_equal(program.array(y), 2 * program.array(x))
