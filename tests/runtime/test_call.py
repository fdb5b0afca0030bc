import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.kernels import affine, pointwise
from protonet.runtime.call import call


def test_a_kernel_runs_on_arrays_of_the_caller(rng):
    x = rng.normal(size=9000).astype("f")
    y = np.zeros_like(x)
    call(pointwise.scale, x, y, 2.0, tasks=pointwise.tasks(x.shape))
    assert_array_equal(y, 2 * x)
    call(pointwise.scale, x, x, 2.0, tasks=pointwise.tasks(x.shape))  # in place, as the kernel allows
    assert_array_equal(x, y)


def test_an_array_of_another_type_is_refused():
    with pytest.raises(TypeError, match="x is float32, got float64"):
        call(pointwise.copy, np.zeros(3), np.zeros(3, "f"))


def test_arrays_whose_sizes_disagree_are_refused():
    with pytest.raises(TypeError, match="M is 3, but 4 in y"):
        call(pointwise.copy, np.zeros(3, "f"), np.zeros(4, "f"))


def test_an_array_with_gaps_is_refused():
    with pytest.raises(TypeError, match="arrays must be contiguous"):
        call(pointwise.copy, np.zeros(6, "f")[::2], np.zeros(3, "f"))


def test_one_place_for_arrays_that_must_lie_apart_is_refused():
    x = np.zeros((2, 3, 4), "f")
    with pytest.raises(TypeError, match="lie at one place"):
        call(affine.shift_grad, x, x.reshape(-1)[:3], np.zeros(3), 0)
