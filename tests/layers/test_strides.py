import numpy as np

from protonet.kernels.strided import full
from protonet.layers.strides import strides


def test_strides_are_those_of_numpy_in_elements():
    for shape in (2, 3, 4), (5,), (), (1, 7):
        assert strides(shape) == [s // 4 for s in np.empty(shape, "f").strides]


def test_axes_that_lie_as_one_become_one():
    assert full((2, 3, 4), (12, 4, 1)) == ([1] * 5 + [24], [0] * 5 + [1])
    assert full((2, 4, 3), (12, 1, 4)) == ([1] * 3 + [2, 4, 3], [0] * 3 + [12, 1, 4])
