import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.batch_reduction import batch_reduction
from tests.tools import check_gradient, layer, run


def text(axis=0, levels=(), mean=False, more=""):
    how = f"reduction_param {{ axis: {axis} operation: {'MEAN' if mean else 'SUM'} {more} }}"
    return f'type: "BatchReduction" batch_reduction_param {{ {" ".join(f"level: {n}" for n in levels)} {how} }}'


@pytest.mark.parametrize("mean", [False, True])
@pytest.mark.parametrize(("axis", "levels"), [(0, ()), (1, (1,)), (1, (2, 1)), (-2, (1, 2)), (2, ())])
def test_agrees_with_numpy(axis, levels, mean, rng):
    x = rng.normal(size=(3, 5, 4))
    _, (y,) = run(layer(text(axis, levels, mean), x.shape), x)
    expected = batch_reduction(x, axis, levels, mean)
    assert y.data.shape == expected.shape
    assert_allclose(y.data, expected, rtol=1e-5, atol=1e-6)


def test_two_levels_by_hand():
    it = layer(text(0, (1, 2), True), (5, 1))
    assert_allclose(run(it, [[9], [1], [2], [3], [6]])[1][0].data, [[9], [3]])
    assert_allclose(it.backward([[8], [4]])[0], [[8], [1], [1], [1], [1]])


@pytest.mark.parametrize("levels", [(), (2, 1)])
def test_gradient(levels, rng):
    check_gradient(layer(text(1, levels, True), (2, 5, 3)), rng.normal(size=(2, 5, 3)))


def test_refusals():
    with pytest.raises(ShapeError, match=r"levels \[2, 1\] are of 5 rows along axis 0, found \(4, 3\)"):
        layer(text(0, (2, 1)), (4, 3))
    with pytest.raises(NetError, match="operation SUM or MEAN"):
        layer(text(more="coeff: 2"), (4, 3))
    with pytest.raises(NetError, match="each level is at least 1"):
        layer(text(0, (-1,)), (4, 3))
