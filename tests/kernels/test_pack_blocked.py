"""Packing at run time gives what engine/pack.py gives, from weights as Caffe keeps them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.engine import pack
from protonet.kernels import pack_blocked
from protonet.kernels.simd import W
from protonet.kernels.winograd_forms import FORMS, planes
from tests.kernels.tools import run

SIZES = [(1, 1, 1, 1), (2, W, W, 1), (1, 3, 2 * W + 1, 3), (3, W + 3, 5, 5), (1, 2 * W, 2 * W, 3), (1, 20, 50, 2)]


@pytest.mark.parametrize(("G", "C", "K", "k"), SIZES)
@pytest.mark.parametrize("lanes", [W, W // 2, 3, 1])
def test_direct(G, C, K, k, lanes, rng):
    w = rng.normal(size=(G * K, C, k, k)).astype(np.float32)
    wanted = np.ascontiguousarray(pack.direct(w, lanes, G))
    a = np.full(wanted.size, np.nan, np.float32)
    run(pack_blocked.direct, w.reshape(G, K, -1), a, k * k, lanes, tasks=wanted.shape[0], python=False)
    assert_array_equal(a.reshape(wanted.shape), wanted)


def round_(w, G):
    """The weights of the convolution that the data's gradient is: (G * C, K, kh, kw)."""
    K, C, *window = w.shape
    parts = w.reshape(G, K // G, C, *window).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(parts[..., ::-1, ::-1]).reshape(G * C, K // G, *window)


@pytest.mark.parametrize(("G", "C", "K", "k"), SIZES)
def test_turned(G, C, K, k, rng):
    w = rng.normal(size=(G * K, C, k, k)).astype(np.float32)
    wanted = np.ascontiguousarray(pack.direct(round_(w, G), W, G))
    a = np.full(wanted.size, np.nan, np.float32)
    T = k * k
    places = np.array([(0, T, T - 1 - t) for t in range(T)])
    run(pack_blocked.turned, w.reshape(G, K, C, -1), places, a, tasks=wanted.shape[0], python=False)
    assert_array_equal(a.reshape(wanted.shape), wanted)


def test_turned_to_several(rng):
    """Even and odd places as arrays of their own."""
    C, K, T = W + 3, W + 1, 9
    w = rng.normal(size=(1, K, C, T)).astype(np.float32)
    parts = [list(range(start, T, 2)) for start in range(2)]
    whole = 4 * W * W
    places = np.array([(t % 2 * 5 * whole, len(parts[t % 2]), t // 2) for t in range(T)])
    a = np.full(T * whole, np.nan, np.float32)
    run(pack_blocked.turned, w, places, a, tasks=2, python=False)
    back = w.transpose(0, 2, 1, 3).reshape(C, K, T, 1)
    wanted = [pack.direct(np.ascontiguousarray(back[:, :, part])).reshape(-1) for part in parts]
    assert_array_equal(a, np.concatenate(wanted))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("C", "K"), [(W, 2 * W), (2 * W - 1, 3)])
def test_transformed(form, C, K, rng):
    w = rng.normal(size=(K, C, form[1], form[1])).astype(np.float32)
    wanted = np.ascontiguousarray(pack.transformed(w, form))
    packed = np.ascontiguousarray(pack.direct(w)).reshape(-1)
    u = np.full(wanted.size, np.nan, np.float32)
    vectors, runs = -(-K // W), -(-C // W)
    assert u.size == vectors * planes(form) * runs * W * W
    run(pack_blocked.TRANSFORM[form], packed, u, runs, tasks=vectors, python=False)
    assert_allclose(u.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-6)
