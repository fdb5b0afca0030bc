"""Fillers: how a parameter begins.  Caffe's distributions; not its random numbers.

    constant            value
    uniform             from min to max
    gaussian            mean, std; `sparse: n` keeps about n weights of each input and zeroes the rest
    positive_unitball   uniform, then each output's weights divided by their sum
    xavier              uniform of variance 1 / n                 Glorot and Bengio 2010
    msra                gaussian of variance 2 / n                arXiv:1502.01852
    bilinear            the weights with which a Deconvolution interpolates

n is the fan in (FAN_IN: what feeds an output), the fan out (FAN_OUT: what an input feeds), or their mean (AVERAGE).
"""

from difflib import get_close_matches
from math import ceil, prod, sqrt

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.runtime import limit


def fill(filler, shape, rng):
    """A float32 array of this shape.  filler: a FillerParameter, a number or an array; rng: a numpy Generator."""
    shape = tuple(shape)
    check(filler, shape)
    limit.check(shape, "what is to be filled", 8)  # drawn in float64
    if isinstance(filler, int | float | np.ndarray):
        return np.full(shape, filler, np.float32)
    return np.asarray(known(filler)(filler, shape, rng), np.float32)


def check(filler, shape):
    """Refuse, before anything is filled, a filler that does not exist, contradicts itself, or cannot fill this."""
    if isinstance(filler, int | float | np.ndarray):
        return
    known(filler)
    if filler.type == "uniform" and filler.min > filler.max:
        raise NetError(f"filler uniform: min {filler.min:g} is above max {filler.max:g}")
    if filler.type == "gaussian" and filler.std < 0:
        raise NetError(f"filler gaussian: std is at least 0, found {filler.std:g}")
    if filler.type == "bilinear" and (len(shape) != 4 or shape[2] != shape[3]):
        raise ShapeError(f"filler bilinear: expected weights (K, C, k, k) of a Deconvolution, found {tuple(shape)}")


def known(filler):
    """The function that fills as asked; refuses a type that nobody knows."""
    try:
        return FILLERS[filler.type]
    except KeyError:
        close = get_close_matches(filler.type.lower(), FILLERS, 1)
        hint = f" (did you mean {close[0]}?)" if close else f": use one of {', '.join(FILLERS)}"
        raise NetError(f"unknown filler '{filler.type}'{hint}") from None


def constant(filler, shape, rng):
    return np.full(shape, filler.value)


def uniform(filler, shape, rng):
    return rng.uniform(filler.min, filler.max, shape)


def gaussian(filler, shape, rng):
    values = rng.normal(filler.mean, filler.std, shape)
    if filler.sparse >= 0:
        values *= rng.random(shape) < filler.sparse / first(shape)
    return values


def positive_unitball(filler, shape, rng):
    values = rng.random((first(shape), fan_in(shape)))
    return (values / values.sum(1, keepdims=True)).reshape(shape)


def xavier(filler, shape, rng):
    edge = sqrt(3 / fan(filler, shape))
    return rng.uniform(-edge, edge, shape)


def msra(filler, shape, rng):
    return rng.normal(0, sqrt(2 / fan(filler, shape)), shape)


def bilinear(filler, shape, rng):
    size = shape[3]
    step = ceil(size / 2)
    centre = (size - 1) / (2 * step)
    line = 1 - abs(np.arange(size) / step - centre)
    return np.broadcast_to(np.outer(line, line), shape)


def first(shape):
    return shape[0] if shape else 1


def fan_in(shape):
    return prod(shape[1:])


def fan(filler, shape):
    """n of the formulas above."""
    outward = prod((*shape[:1], *shape[2:]))
    n = (fan_in(shape), outward, (fan_in(shape) + outward) / 2)[filler.variance_norm]
    if n <= 0:
        raise ShapeError(f"filler {filler.type}: weights of shape {shape} have no inputs")
    return n


FILLERS = {
    "constant": constant,
    "uniform": uniform,
    "gaussian": gaussian,
    "positive_unitball": positive_unitball,
    "xavier": xavier,
    "msra": msra,
    "bilinear": bilinear,
}
