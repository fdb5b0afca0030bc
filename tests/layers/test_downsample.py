import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.downsample import downsample
from tests.tools import layer, run

SMALL = 'type: "Downsample" downsample_param { top_height: 3 top_width: 4 }'


@pytest.mark.parametrize("lost", [0, 0.3, 0.8])
def test_agrees_with_the_twin(lost, rng):
    x = rng.normal(size=(2, 3, 8, 11))
    x[rng.random(x.shape) < lost] = np.nan
    _, (y,) = run(layer(SMALL, x.shape), x)
    assert_allclose(y.data, downsample(x, 3, 4), rtol=1e-4, atol=1e-5)


def test_a_row_by_hand():
    it = layer('type: "Downsample" downsample_param { top_height: 2 top_width: 2 }', (1, 1, 2, 3))
    _, (y,) = run(it, [[[[6, 3, 9], [6, np.nan, 9]]]])
    assert_allclose(y.data, [[[[5, 7], [6, 9]]]])  # weights 1, 0.5, 0


def test_its_own_size_is_a_copy(rng):
    x = rng.normal(size=(1, 2, 3, 1)).astype(np.float32)
    _, (y,) = run(layer('type: "Downsample"', x.shape, (1, 9, 3, 1)), x, 0)
    assert_array_equal(y.data, x)


def test_one_row_is_refused():
    with pytest.raises(ShapeError, match="top_height and top_width must be at least 2, found 1 and 4"):
        layer('type: "Downsample" downsample_param { top_height: 1 top_width: 4 }', (1, 1, 6, 8))
