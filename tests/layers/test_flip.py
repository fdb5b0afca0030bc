import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.flip import flip
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize("height", [False, True])
@pytest.mark.parametrize("width", [False, True])
def test_agrees_with_numpy(width, height, rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    text = f"flip_width: {str(width).lower()} flip_height: {str(height).lower()}"
    _, (y,) = run(layer(f'type: "Flip" flip_param {{ {text} }}', x.shape), x)
    assert_array_equal(y.data, flip(x, width, height))


def test_rows_run_backwards_unless_told_otherwise():
    _, (y,) = run(layer('type: "Flip"', (1, 1, 2, 3)), [[[[1, 2, 3], [4, 5, 6]]]])
    assert_array_equal(y.data, [[[[3, 2, 1], [6, 5, 4]]]])


def test_gradient(rng):
    check_gradient(layer('type: "Flip"', (2, 1, 2, 3)), rng.normal(size=(2, 1, 2, 3)))


def test_what_is_no_map_is_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, H, W\), found \(2, 3\)"):
        layer('type: "Flip"', (2, 3))
