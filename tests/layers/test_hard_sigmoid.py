import pytest
from numpy.testing import assert_allclose

from tests.naive.hard_sigmoid import hard_sigmoid
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize(("text", "numbers"), [("", {}), ("alpha: 0.3 beta: 0.4", {"alpha": 0.3, "beta": 0.4})])
def test_agrees_with_numpy(text, numbers, rng):
    x = 4 * rng.normal(size=(2, 3, 5, 7)).astype("f")
    _, (y,) = run(layer(f'type: "HardSigmoid" hard_sigmoid_param {{ {text} }}', x.shape), x)
    assert_allclose(y.data, hard_sigmoid(x, **numbers), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("in_place", [False, True])
def test_gradient(in_place):
    check_gradient(layer('type: "HardSigmoid"', (6,), in_place=in_place), [-5, -2.4, -1, 0.5, 2.4, 5])
