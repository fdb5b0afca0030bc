import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.layers.matrix import product
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer, Emit

SIZES = [(1, 1, 1), (2, 3, 4), (13, 33, 300), (5, 129, 17), (200, 31, 64), (1, 500, 70), (24, 16, 513)]


def buffer(values):
    made = Buffer(values.shape, "own")
    made.own()[:] = values.ravel()
    return made


@pytest.mark.parametrize("mode", ["set", "add", "bias"])
@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("sizes", SIZES)
def test_products_agree_with_numpy(sizes, turned, mode, rng):
    M, N, K = sizes
    a, b, before, bias = (rng.normal(size=shape) for shape in ((M, K), (K, N), (M, N), (N,)))
    c = buffer(before)
    left, right = (buffer(np.ascontiguousarray(v.T if t else v)) for v, t in zip((a, b), turned, strict=True))
    emit = Emit().of(type("Layer", (), {"name": "it"}))
    options = dict(add=mode == "add", bias=buffer(bias) if mode == "bias" else None)
    product(emit, left, right, c, M, N, K, turned, **options)
    Program(emit.steps, plan.exact(emit.steps), threads=1).run()
    expected = a @ b + {"set": 0, "add": before, "bias": bias}[mode]
    assert_allclose(c.own().reshape(M, N), expected, atol=2e-6 * K + 1e-6 * abs(expected).max())
