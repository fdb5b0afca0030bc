import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.naive.split import split
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize("n", [1, 2, 3])
def test_tops_are_the_bottom_and_gradients_add_up(n, rng):
    tops = " ".join(f'top: "y{i}"' for i in range(n))
    it, x = layer(f'type: "Split" {tops}', (3, 4)), rng.normal(size=(3, 4)).astype("f")
    _, ys = run(it, x)
    for y, expected in zip(ys, split(x, n), strict=True):
        assert_array_equal(y.data, expected)
    dys = rng.normal(size=(n, 3, 4))
    assert_allclose(it.backward(*dys)[0], dys.sum(0), atol=1e-6)


def test_a_top_without_gradient_counts_for_nothing(rng):
    it = layer('type: "Split" top: "a" top: "b" top: "c"', (5,), silent={1})
    it.forward(rng.normal(size=5))
    assert_array_equal(it.backward(1.0, None, 2.0)[0], [3] * 5)


def test_no_gradient_at_all_is_zero(rng):
    it = layer('type: "Split" top: "a" top: "b"', (5,), silent={0, 1})
    it.forward(rng.normal(size=5))
    it.bottoms[0].diff[...] = 7
    assert_array_equal(it.backward(None, None)[0], [0] * 5)


def test_gradient(rng):
    check_gradient(layer('type: "Split" top: "a" top: "b"', (2, 3)), rng.normal(size=(2, 3)))
