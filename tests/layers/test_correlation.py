import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.correlation import correlation
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 9, 8)


def made(k=1, most=2, stride=1, step=1, pad=2, shape=SHAPE, more=""):
    said = f"kernel_size: {k} max_displacement: {most} stride_1: {stride} stride_2: {step} pad: {pad} {more}"
    return layer(f'type: "Correlation" correlation_param {{ {said} }}', shape, shape)


@pytest.mark.parametrize(
    ("k", "most", "stride", "step", "pad"), [(1, 2, 1, 1, 2), (3, 2, 1, 2, 3), (1, 4, 2, 2, 4), (3, 1, 2, 1, 0)]
)
def test_agrees_with_one_displacement_at_a_time(k, most, stride, step, pad, rng):
    x, z = rng.normal(size=(2, *SHAPE))
    _, (y,) = run(made(k, most, stride, step, pad), x, z)
    assert_allclose(y.data, correlation(x, z, k, most, stride, step, pad), rtol=1e-4, atol=1e-5)


def test_a_point_that_moves_by_hand():
    """It went one pixel to the right: displacement (0, 1) is the sixth of nine."""
    x, z = np.zeros((1, 2, 1, 3)), np.zeros((1, 2, 1, 3))
    x[0, :, 0, 0], z[0, :, 0, 1] = [1, 2], [3, 4]
    _, (y,) = run(made(most=1, pad=1, shape=(1, 2, 1, 3)), x, z)
    assert_allclose(y.data[0, :, 0, 0], [0, 0, 0, 0, 0, 5.5, 0, 0, 0])


def test_gradient(rng):
    shape = (2, 2, 5, 4)
    check_gradient(made(3, 1, 1, 1, 2, shape), *rng.normal(size=(2, *shape)))
    check_gradient(made(1, 2, 2, 2, 2, shape), *rng.normal(size=(2, *shape)))


def test_refusals():
    with pytest.raises(NetError, match="needs max_displacement and an odd kernel_size"):
        made(k=2)
    with pytest.raises(NetError, match="correlation_type is a fork's"):
        made(more="correlation_type: SUBTRACT")
    with pytest.raises(ShapeError, match="maps of 9 x 8 are too small for max_displacement 9"):
        made(most=9, pad=0)
