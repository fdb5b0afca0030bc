"""How near products and convolutions come to what the FMA units can do, on one thread: python -m tests.perf.gemm

GFLOP/s, and the share of the peak, which is measured first: by FMAs on registers alone.  numpy's product stands beside
ours; run with OPENBLAS_NUM_THREADS=1 to compare.
"""

import time

import numpy as np

from protonet.kernels import peak as kernels
from protonet.kernels.simd import W
from protonet.layers import convolve, matrix, spatial
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer, Emit

TURNS = 1_000_000
PRODUCTS = [(512, 512, 512), (1024, 1024, 1024), (64, 500, 800), (500, 800, 64), (32, 1024, 4096)]
CONVOLUTIONS = [  # batch, channels, map, outputs, window, stride, pad
    (64, 1, 28, 20, 5, 1, 0),
    (64, 20, 12, 50, 5, 1, 0),
    (8, 3, 227, 64, 3, 2, 0),
    (8, 64, 56, 16, 1, 1, 0),
    (8, 16, 56, 64, 1, 1, 0),
    (8, 16, 56, 64, 3, 1, 1),
    (8, 32, 28, 128, 3, 1, 1),
    (8, 48, 14, 192, 1, 1, 0),
    (8, 64, 14, 256, 3, 1, 1),
    (8, 64, 56, 64, 3, 1, 1),
    (8, 128, 28, 128, 3, 2, 1),
    (8, 512, 7, 512, 3, 1, 1),
]
DEPTHWISE = [(8, 32, 112, 3, 1), (8, 128, 56, 3, 1), (8, 128, 56, 3, 2), (8, 512, 14, 3, 1)]


class Layer:
    name = "perf"


def best(run, rounds=15):
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times)


def buffer(*shape):
    made = Buffer(shape, "own")
    made.own()[:] = np.random.default_rng(0).normal(size=made.count)
    return made


def program(write):
    """The steps that write(emit) emits, ready to run; they have run once."""
    emit = Emit().of(Layer)
    write(emit)
    made = Program(emit.steps, plan.exact(emit.steps), threads=1)
    made.run()
    return made


def peak():
    half = buffer(1, kernels.CHAINS * W)
    half.own()[:] = 0.5
    made = program(lambda emit: emit(kernels.multiply, half, TURNS))
    return 2e-9 * W * kernels.CHAINS * TURNS / best(made.run, 30)


def products(most):
    print("c (M, N) = a (M, K) @ b (K, N):     ours, with packing           numpy")
    for m, n, k in PRODUCTS:
        a, b, c = buffer(m, k), buffer(n, k), buffer(m, n)
        ours = best(program(lambda emit: matrix.product(emit, a, b, c, m, n, k, (False, True))).run)  # noqa: B023
        x, y = (v.own().reshape(v.shape) for v in (a, b))
        other = best(lambda: x @ y.T)  # noqa: B023
        rates = [2e-9 * m * n * k / t for t in (ours, other)]
        print(
            f"{m:5} {n:5} {k:5}   {ours * 1e3:8.3f} ms {rates[0]:6.0f} GFLOP/s {share(rates[0], most)} {rates[1]:10.0f}"
        )


def share(rate, most):
    return f"{100 * rate / most:4.0f} %"


def convolutions(most):
    print("batch x channels x map -> outputs, window / stride:  forward, data, weights")
    jobs = [(n, 1, c, x, k, w, s, p) for n, c, x, k, w, s, p in CONVOLUTIONS]
    jobs += [(n, g, 1, x, 1, w, s, w // 2) for n, g, x, w, s in DEPTHWISE]
    for n, g, c, size, k, w, s, p in jobs:
        window = spatial.Window((w, w), (s, s), (p, p), (p, p), (1, 1))
        out = window.outputs((size, size))
        m = convolve.convolution(window, n, g, c, k, (size, size), out)
        x, y, v = buffer(n, g * c, size, size), buffer(n, g * k, *out), buffer(g * k, c, w, w)
        made = [
            program(lambda emit: convolve.forward(emit, m, v, None, x, y)),  # noqa: B023
            program(lambda emit: convolve.data_gradient(emit, m, v, y, x)),  # noqa: B023
            program(lambda emit: convolve.weight_gradient(emit, m, x, y, v)),  # noqa: B023
        ]
        flops = 2e-9 * m.N * m.G * m.K * m.D * m.P
        found = []
        for each in made:
            t = best(each.run, 7)
            found.append(f"{t * 1e3:8.3f} ms {flops / t:5.0f} {share(flops / t, most)}")
        print(f"{n} x {g * c} x {size} -> {g * k}, {w} / {s}:".ljust(36), "  ".join(found))


if __name__ == "__main__":
    most = peak()
    print(f"peak {most:.0f} GFLOP/s ({W} floats a vector)")
    products(most)
    convolutions(most)
