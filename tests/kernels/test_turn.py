"""Axes in other orders, parts, frames: each against numpy, at sizes around a vector's."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.kernels import margins, strided, turn
from protonet.layers.strides import strides
from tests.kernels.tools import run

SIZES = 1, 2, 3, 15, 16, 17, 40, 70


@pytest.mark.parametrize("F", SIZES)
@pytest.mark.parametrize("G", SIZES)
def test_turning(G, F, rng):
    x = rng.normal(size=(2, 3, F, G)).astype("f")
    y = np.zeros((3, G, 2, F), "f")
    expected = x.transpose(1, 3, 0, 2)
    there, here = strides(y.shape), strides(x.shape)
    group, tasks = turn.cut((1, 1, 3, 2), G, F)
    known = 1, 1, 3, 2, F, G, 0, 0, here[1], here[0], here[2], 0, 0, there[0], there[2], there[1]
    run(turn.turn, x.ravel(), flat := y.ravel(), group, *known, tasks=tasks, python=False)
    assert_array_equal(flat.reshape(y.shape), expected)


@pytest.mark.parametrize("G", SIZES)
def test_pairs_are_interleaved(G, rng):
    x, y = rng.normal(size=(300, 2, G)).astype("f"), np.zeros(600 * G, "f")
    group, tasks = turn.cut((300,), G, 2)
    known = 1, 1, 1, 300, 2, G, 0, 0, 0, 2 * G, G, 0, 0, 0, 2 * G, 2
    run(turn.turn, x.ravel(), y, group, *known, tasks=tasks, python=False)
    assert_array_equal(y, x.transpose(0, 2, 1).ravel())


@pytest.mark.parametrize("shape", [(3, 2, 5, 4), (7, 90, 33, 31)])
@pytest.mark.parametrize("step", [1, 2])
def test_parts(shape, step, rng):
    x = rng.normal(size=shape).astype("f")
    cut = np.s_[1:, :2, 1:-1, 1::step]
    y = np.zeros(x[cut].shape, "f")
    steps = [s // 4 for s in x[cut].strides]
    start = int(np.ravel_multi_index((1, 0, 1, 1), shape))
    sizes, joined = strided.full(y.shape, steps)
    group, tasks = strided.cut(sizes)
    run(strided.gather, x.ravel(), flat := y.ravel(), start, group, *sizes, *joined, tasks=tasks, python=False)
    assert_array_equal(flat.reshape(y.shape), x[cut])
    z = np.ones_like(x)
    z[cut] = x[cut]
    back = np.ones(x.size, "f")
    run(strided.scatter, flat, back, start, group, *sizes, *joined, tasks=tasks, python=False)
    assert_array_equal(back.reshape(shape), z)


FRAMES = (1, 2, 9, 40), (-1, -2, 4, 20), (0, 0, 6, 31), (8, 1, 6, 9), (0, 60, 6, 9)


@pytest.mark.parametrize(("top", "left", "P", "Q"), FRAMES)
def test_a_frame(top, left, P, Q, rng):
    x, y = rng.normal(size=(200, 6, 31)).astype("f"), np.zeros((200, P, Q), "f")
    expected = np.full((200, 100, 200), 0.5, "f")
    expected[:, 50 + top : 56 + top, 80 + left : 111 + left] = x
    group, tasks = margins.cut(200, P, Q)
    run(margins.reframe, x, y, top, left, 0.5, group, tasks=tasks, python=False)
    assert_array_equal(y, expected[:, 50 : 50 + P, 80 : 80 + Q])
