import pytest
from numpy.testing import assert_array_equal

from tests.naive.threshold import threshold
from tests.tools import layer, run


@pytest.mark.parametrize("bound", [0, 0.4])
def test_agrees_with_numpy(bound, rng):
    x = rng.normal(size=(2, 3, 5, 7)).astype("f")
    it = layer(f'type: "Threshold" threshold_param {{ threshold: {bound} }}', x.shape)
    _, (y,) = run(it, x)
    assert_array_equal(y.data, threshold(x, bound))
    assert not it.trains


def test_the_threshold_itself_is_below():
    _, (y,) = run(layer('type: "Threshold" threshold_param { threshold: 1 }', (3,)), [0.5, 1, 1.5])
    assert_array_equal(y.data, [0, 0, 1])
