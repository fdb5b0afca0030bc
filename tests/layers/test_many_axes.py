import numpy as np
from numpy.testing import assert_allclose

from protonet.layers import convolve, many_axes, spatial
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer, Emit


def test_it_agrees_with_the_kernels_where_both_work(rng):
    window = spatial.Window((2, 3, 2), (1, 2, 2), (1, 0, 1), (0, 1, 2), (1, 1, 2))
    m = convolve.convolution(window, 2, 2, 3, 2, (3, 6, 7), window.outputs((3, 6, 7)))

    def buffer(*shape):
        made = Buffer(shape, "own")
        made.own()[:] = rng.normal(size=made.count)
        return made

    x, y, w = buffer(2, 6, 3, 6, 7), buffer(2, 4, *m.out), buffer(4, 3, 2, 3, 2)
    b, d, found = buffer(4), buffer(6), []
    for way in (convolve, many_axes):
        emit, (to, dx, dw) = Emit().of(type("Layer", (), {"name": "it"})), (buffer(*v.shape) for v in (y, x, w))
        dw.own()[:] = 1
        way.forward(emit, m, w, b, x, to)
        way.data_gradient(emit, m, w, y, dx, d)
        way.weight_gradient(emit, m, x, y, dw)
        Program(emit.steps, plan.exact(emit.steps), threads=1).run()
        found.append([v.own().copy() for v in (to, dx, dw)])
    for kernels, numpy in zip(*found, strict=True):
        assert_allclose(kernels, numpy, atol=1e-5 * abs(numpy).max())
        assert np.isfinite(numpy).all()
