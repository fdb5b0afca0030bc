import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.matmul import matmul
from tests.tools import layer, run


@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("before", [(), (2,), (2, 3)])
@pytest.mark.parametrize(("M", "N", "K"), [(3, 4, 5), (1, 1, 1), (40, 33, 70)])
def test_agrees_with_numpy(M, N, K, before, turned, rng):
    a = rng.normal(size=(*before, *((K, M) if turned[0] else (M, K))))
    b = rng.normal(size=(*before, *((N, K) if turned[1] else (K, N))))
    said = " ".join(f"transpose_{side}: {str(t).lower()}" for side, t in zip("ab", turned, strict=True))
    _, (y,) = run(layer(f'type: "MatMul" matmul_param {{ {said} }}', a.shape, b.shape, wants=[False] * 2), a, b)
    assert y.data.shape == (*before, M, N)
    assert_allclose(y.data, matmul(a, b, *turned), rtol=1e-4, atol=1e-4)


def test_by_hand():
    _, (y,) = run(layer('type: "MatMul"', (2, 2), (2, 1), wants=[False] * 2), [[1, 2], [3, 4]], [[10], [1]])
    assert_allclose(y.data, [[12], [34]])


def test_matrices_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="the first has 3 columns and the second 2 rows"):
        layer('type: "MatMul"', (2, 3), (2, 3))
    with pytest.raises(ShapeError, match="of the same axes before"):
        layer('type: "MatMul"', (2, 2, 3), (3, 3, 2))
