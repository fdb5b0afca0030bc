import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.smooth_l1_loss import smooth_l1_loss
from tests.tools import check_gradient, layer, run


def text(sigma=1):
    return f'type: "SmoothL1Loss" smooth_l1_loss_param {{ sigma: {sigma} }}'


@pytest.mark.parametrize("sigma", [1, 3])
@pytest.mark.parametrize("weights", [0, 1, 2])
def test_agrees_with_numpy(weights, sigma, rng):
    shape = (4, 3, 20, 30)
    xs = rng.normal(size=(2 + weights, *shape)).astype("f")
    _, (loss,) = run(layer(text(sigma), *[shape] * len(xs)), *xs)
    assert_allclose(loss.data, smooth_l1_loss(*xs.astype("d"), sigma=sigma), rtol=1e-5)


@pytest.mark.parametrize("weights", [0, 1, 2])
def test_gradient(weights, rng):
    xs = rng.uniform(0.5, 1.5, (2 + weights, 3, 4))
    xs[0] += 3 * rng.integers(-1, 2, (3, 4))  # far from the bends, on both sides of them
    xs[0, 0] = xs[1, 0] + 0.1
    check_gradient(layer(text(), *[(3, 4)] * len(xs)), *xs)


def test_other_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"bottom 0 has \(2, 3\), bottom 1 has \(2, 4\)"):
        layer(text(), (2, 3), (2, 4))


def test_a_sigma_that_is_none_is_refused():
    with pytest.raises(NetError, match="sigma is above 0, found 0"):
        layer(text(0), (2, 3), (2, 3))
