import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.grn import grn
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 5, 61, 67), (3, 4), (0, 3, 2, 2)])
def test_agrees_with_numpy(shape, rng):
    x = rng.normal(size=shape)
    assert_allclose(run(layer('type: "GRN"', shape), x)[1][0].data, grn(x), rtol=1e-5)
    assert_allclose(run(layer('type: "GRN" grn_param { bias: 0.5 }', shape), x)[1][0].data, grn(x, 0.5), rtol=1e-5)


def test_a_place_by_hand():
    _, (y,) = run(layer('type: "GRN" grn_param { bias: 0 }', (1, 2, 1, 1)), [[[[3]], [[4]]]])
    assert_allclose(y.data.ravel(), [0.6, 0.8])


def test_gradient(rng):
    check_gradient(layer('type: "GRN"', (2, 3, 2, 2)), rng.normal(size=(2, 3, 2, 2)))


def test_refusals():
    with pytest.raises(NetError, match="bias is at least 0, found -1"):
        layer('type: "GRN" grn_param { bias: -1 }', (2, 3))
    with pytest.raises(ShapeError, match="expected"):
        layer('type: "GRN"', (2,))
