import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.transpose import transpose
from tests.tools import check_gradient, layer, run


def made(dim, shape):
    return layer(f'type: "Transpose" transpose_param {{ {" ".join(f"dim: {d}" for d in dim)} }}', shape)


@pytest.mark.parametrize("dim", [(3, 0, 1, 2), (0, 2, 1, 3), (0, 1, 2, 3)])
def test_agrees_with_one_number_at_a_time(dim, rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("f")
    _, (y,) = run(made(dim, x.shape), x)
    assert_array_equal(y.data, transpose(x, dim).astype("f"))


def test_columns_become_times_by_hand():
    """CRNN's (N, C, W) as (W, N, C)."""
    _, (y,) = run(made((2, 0, 1), (1, 2, 3)), [[[1, 2, 3], [4, 5, 6]]])
    assert_array_equal(y.data, [[[1, 4]], [[2, 5]], [[3, 6]]])


def test_gradient(rng):
    check_gradient(made((2, 0, 1), (2, 3, 4)), rng.normal(size=(2, 3, 4)))


def test_an_axis_left_out_is_refused():
    with pytest.raises(ShapeError, match=r"dim names each axis of a blob of shape \(2, 3\) once, found \[1\]"):
        made((1,), (2, 3))
