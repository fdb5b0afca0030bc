"""A loss in which each number has a weight of its own.  A task is CHUNK numbers."""

from protonet.kernels.exp import exp
from protonet.kernels.jit import f32, f64, kernel
from protonet.kernels.log import log1p
from protonet.kernels.pointwise import CHUNK

M, T = "MT"


@kernel(out="d sums weights")
def cross_entropy(
    x: f32[M], target: f32[M], weight: f32[M], d: f32[M], sums: f64[T], weights: f64[T], begin, end
):  # fmt: skip
    """d <- weight * (sigmoid(x) - target); sums[task] <- the weighted loss, weights[task] <- the weights."""
    for task in range(begin, end):
        part, whole = f64(0), f64(0)
        for i in range(task * CHUNK, min(task * CHUNK + CHUNK, d.shape[0])):
            e = exp(-abs(x[i]))
            loss = max(x[i], 0.0) - x[i] * target[i] + log1p(e)
            part += f64(weight[i] * loss)
            whole += f64(weight[i])
            d[i] = weight[i] * ((1.0 if x[i] > 0.0 else e) / (1.0 + e) - target[i])
        sums[task], weights[task] = part, whole


@kernel(out="loss norm")
def average(sums: f64[T], weights: f64[T], loss: f32[1], norm: f32[1], begin, end):
    """norm <- the sum of weights, 1 if that is not above 0; loss <- the sum of sums by it.  One task."""
    value, whole = f64(0), f64(0)
    for t in range(sums.shape[0]):
        value += sums[t]
        whole += weights[t]
    by = whole if whole > f64(0) else f64(1)
    norm[0], loss[0] = f32(by), f32(value / by)
