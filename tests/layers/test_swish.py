import pytest
from numpy.testing import assert_allclose

from tests.naive.swish import swish
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize("beta", [1, 1.5, -0.5])
def test_agrees_with_numpy(beta, rng):
    x = 3 * rng.normal(size=(2, 3, 5, 7)).astype("f")
    _, (y,) = run(layer(f'type: "Swish" swish_param {{ beta: {beta} }}', x.shape), x)
    assert_allclose(y.data, swish(x.astype("d"), beta), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("beta", [1, 1.5, -0.5])
def test_gradient_in_place(beta, rng):
    it = layer(f'type: "Swish" swish_param {{ beta: {beta} }}', (3, 4), in_place=True)
    check_gradient(it, rng.normal(size=(3, 4)))
