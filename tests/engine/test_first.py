"""First layers by way of depth, against the layers' own plan and against numpy."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.engine import first
from protonet.engine.machine import W
from protonet.kernels.depth import to_depth
from tests.engine.tools import agree, conv, operations, pool, relu
from tests.kernels.tools import run

CASES = [(7, 2, 3), (11, 4, 0), (5, 2, 2), (8, 2, 1), (9, 2, 4), (6, 2, 0), (12, 4, 5)]


def deepened(program):
    return any("to_depth" in name for name in operations(program))


@pytest.fixture
def always(monkeypatch):
    monkeypatch.setattr(first, "JOINED", 1e9)


@pytest.mark.parametrize(("kernel", "stride", "pad"), CASES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_windows_and_strides(always, channels, kernel, stride, pad):
    for (H, V), outputs in itertools.product(((29, 34), (40, 21)), (13, 40)):
        body = conv("y", "x", outputs, kernel, stride=stride, pad=pad) + relu("y")
        program, _ = agree(body, (2, channels, H, V), threads=(1, 2))
        assert deepened(program)


def test_strides_that_differ_and_pads_of_each_side(always):
    more = dict(kernel_h=7, kernel_w=11, stride_h=2, stride_w=3, pad_h=3, pad_w=4)
    program, _ = agree(conv("y", "x", 20, None, **more), (1, 3, 31, 41))
    assert deepened(program)
    program, _ = agree(conv("y", "x", 20, 7, stride=2, pad_l=1, pad_r=0, pad_t=0, pad_b=2), (1, 3, 30, 41))
    assert deepened(program)


def test_what_follows_and_several_readers(always):
    body = conv("a", "x", 24, 7, stride=2, pad=3) + relu("a") + pool("p", "a", "MAX", kernel_size=3, stride=2)
    agree(body + conv("b", "p", 16, 3, pad=1) + conv("c", "x", 8, 3), (1, 3, 37, 33))


@pytest.mark.parametrize(
    "more", [dict(kernel=3, stride=2), dict(kernel=7, stride=1, pad=3), dict(kernel=7, stride=2, dilation=2)]
)
def test_what_has_no_form_is_left_alone(always, more):
    program, _ = agree(conv("y", "x", 20, **more), (1, 3, 33, 31))
    assert not deepened(program)


def test_exact_avoids_it(always):
    program, _ = agree(conv("y", "x", 20, 7, stride=2), (1, 3, 33, 31), exact=True)
    assert not deepened(program)


def test_large_pictures_choose_it():
    program, _ = agree(conv("y", "x", 64, 7, stride=2, pad=3), (1, 3, 112, 112), threads=(1,))
    assert deepened(program)


@pytest.mark.parametrize(
    ("C", "H", "V", "sh", "sw", "top", "left"), [(3, 9, 7, 2, 2, 3, 3), (1, 5, 6, 3, 2, 0, 1), (4, 8, 8, 4, 4, 0, 0)]
)
def test_space_to_depth(rng, C, H, V, sh, sw, top, left):
    x = rng.normal(size=(2, C, H, V)).astype(np.float32)
    rows, columns = (H + top) // sh + 2, (V + left) // sw + 2
    blocks = -(-sh * sw * C // W)
    y = np.full((2, blocks, rows, columns, W), np.nan, np.float32)
    sizes = blocks, rows, columns, blocks * rows * columns * W, columns * W, rows * columns * W
    run(to_depth, x, y.reshape(-1), sh, sw, top, left, *sizes, tasks=2 * rows, python=False)
    expected = np.zeros((2, blocks * W, rows, columns), np.float32)
    for b, d, c, i, j in itertools.product(range(sh), range(sw), range(C), range(rows), range(columns)):
        line, pixel = i * sh + b - top, j * sw + d - left
        if 0 <= line < H and 0 <= pixel < V:
            expected[:, (b * sw + d) * C + c, i, j] = x[:, c, line, pixel]
    assert_array_equal(y.transpose(0, 1, 4, 2, 3).reshape(expected.shape), expected)
