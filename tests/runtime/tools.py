"""Small programs for the tests of the runtime."""

import numpy as np

from protonet.kernels import philox, pointwise
from protonet.kernels.fault import report
from protonet.kernels.jit import f32, i64, kernel
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Blob, Buffer, Emit

M, N = "MN"


@kernel(y="x", out="y")
def logistic(x: f32[M], y: f32[M], rate: f32, begin, end):
    """y <- rate * x * (1 - x): a rounding error anywhere ends up everywhere."""
    for i in range(begin * pointwise.CHUNK, min(end * pointwise.CHUNK, y.shape[0])):
        y[i] = rate * x[i] * (1.0 - x[i])


@kernel(out="y")
def total(x: f32[M], y: f32[1], begin, end):
    """y <- sum of x; one task."""
    y[0] = 0.0
    for i in range(x.shape[0]):
        y[0] += x[i]


@kernel(out="y fault")
def positive(x: f32[N], y: f32[N], fault: i64[2], begin, end):
    """y <- x, and negative numbers are reported; a task is a number."""
    for i in range(begin, end):
        if not x[i] >= 0.0:
            report(fault, i, x[i])
            continue
        y[i] = x[i]


class Layer:
    def __init__(self, name):
        self.name = name


def emitter(name="it", **options):
    return Emit(**options).of(Layer(name))


def buffer(*shape, kind="own", **options):
    return Buffer(shape, kind, **options)


def blob(*shape):
    return Blob(buffer(*shape), buffer(*shape))


def chain(sizes, kind="arena"):
    """Steps that pass numbers on from buffer to buffer, some too small to share: (emit, first, last)."""
    emit = emitter()
    x = first = buffer(sizes[0])
    for i, n in enumerate(sizes):
        y, sum_ = Buffer((n,), kind), emit.scratch(1)
        emit(philox.fill_uniform, y, 0.01, 0.99, emit.random, i, tasks=pointwise.tasks((n,)))
        emit(logistic, x.seen(min(n, x.count)), y.seen(min(n, x.count)), 3.9, tasks=pointwise.tasks((n,)))
        emit(total, y, sum_)
        emit(pointwise.scale, y, y, 0.999, tasks=pointwise.tasks((n,)))
        x = y
    last = buffer(sizes[-1])
    emit(pointwise.copy, x, last, tasks=pointwise.tasks(last.shape))
    return emit, first, last


def program(emit, how=plan.exact, **options):
    return Program(emit.steps, how(emit.steps), **options)


def filled(n):
    return np.linspace(0.01, 0.99, n, dtype=np.float32)
