import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.smooth_l1_loss_ohem import smooth_l1_loss_ohem
from tests.tools import check_gradient, layer, run

SHAPE = (5, 4, 2, 1)
TWO = 'top: "loss" top: "each"'


def made(n, text="", tops=TWO, shape=SHAPE, **options):
    return layer(f'type: "SmoothL1LossOHEM" {tops} {text}', *[shape] * n, **options)


@pytest.mark.parametrize("n", [2, 3])
def test_agrees_with_numpy(n, rng):
    xs = rng.normal(size=(n, *SHAPE)) * 2
    _, (loss, each) = run(made(n), *xs)
    expected = smooth_l1_loss_ohem(*xs)
    assert_allclose(loss.data, expected[0], rtol=1e-5)
    assert_allclose(each.data, expected[1], rtol=1e-5)


def test_two_instances_by_hand():
    _, (loss, each) = run(made(2, shape=(2, 2)), [[1, 3], [0.5, 0]], [[0, 0], [0, 0]])
    assert_allclose(each.data, [[3], [0.125]])
    assert_allclose(loss.data, 3.125 / 2)


@pytest.mark.parametrize(
    ("text", "norm"), [("PRE_FIXED pre_fixed_normalizer: 128", 128), ("NONE", 1), ("BATCH_SIZE", 5)]
)
def test_what_divides(text, norm, rng):
    xs = rng.normal(size=(2, *SHAPE))
    _, (loss, _) = run(made(2, f"loss_param {{ normalization: {text} }}"), *xs)
    assert_allclose(loss.data, smooth_l1_loss_ohem(*xs, norm=norm)[0], rtol=1e-5)


def test_gradient(rng):
    weights = rng.integers(0, 2, SHAPE)
    check_gradient(made(3, tops='top: "loss"'), *rng.normal(size=(2, *SHAPE)), weights)


def test_gradient_beside_the_other_top(rng):
    alone, both = made(2, tops='top: "loss"'), made(2, silent=(1,))
    xs = rng.normal(size=(2, *SHAPE))
    alone.forward(*xs)
    both.forward(*xs)
    for a, b in zip(alone.backward(2), both.backward(2, 0), strict=True):
        assert_array_equal(a, b)


def test_bottoms_of_two_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"bottom 1 has \(5, 3\) of \(5, 4\)"):
        layer('type: "SmoothL1LossOHEM"', (5, 4), (5, 3))
