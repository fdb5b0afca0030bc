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
from functools import partial
from math import ceil, prod, sqrt

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.runtime import limit

PIECE = 1 << 16  # numbers drawn at a time


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
    return np.full(shape, filler.value, np.float32)


def uniform(filler, shape, rng):
    return drawn(shape, partial(rng.uniform, filler.min, filler.max))


def gaussian(filler, shape, rng):
    values = drawn(shape, partial(rng.normal, filler.mean, filler.std))
    if filler.sparse >= 0:
        values *= rng.random(shape) < filler.sparse / first(shape)
    return values


def positive_unitball(filler, shape, rng):
    values = rng.random((first(shape), fan_in(shape)))
    return (values / values.sum(1, keepdims=True)).reshape(shape)


def xavier(filler, shape, rng):
    edge = sqrt(3 / fan(filler, shape))
    return drawn(shape, partial(rng.uniform, -edge, edge))


def msra(filler, shape, rng):
    return drawn(shape, partial(rng.normal, 0, sqrt(2 / fan(filler, shape))))


def bilinear(filler, shape, rng):
    size = shape[3]
    step = ceil(size / 2)
    centre = (size - 1) / (2 * step)
    line = 1 - abs(np.arange(size) / step - centre)
    return np.broadcast_to(np.outer(line, line), shape)


def drawn(shape, draw):
    """What draw(n) gives, in float32: a piece at a time, for float64 of a large layer is most of a net's memory."""
    values = np.empty(shape, np.float32)
    flat = values.reshape(-1)
    for start in range(0, flat.size, PIECE):
        piece = flat[start : start + PIECE]
        piece[:] = draw(piece.size)
    return values


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
