"""Maps unpooled: indices of any size, and what lies outside."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.kernels import unpool
from tests.kernels.tools import compiled, run

LARGE = 2**24  # from here on not every whole number is a float32


@pytest.mark.parametrize(("place", "fault"), [(LARGE, 0), (LARGE + 2, 2), (np.inf, 2), (-1, 2), (np.nan, 2)])
def test_the_last_place_of_large_maps_is_inside(place, fault):
    found = np.zeros(2, np.int64)
    compiled(unpool.check, np.array([0, place], "f"), found, LARGE + 1)
    assert found[0] == fault


@pytest.mark.parametrize("places", [0, 1, 7])
def test_gradients_of_numbers_that_were_put_nowhere_are_0(places, rng):
    mask = np.tile(np.array([0, places - 1, places, -1, -0.5, 1e30, np.nan, np.inf, -np.inf], "f"), (3, 5))
    dy, dx = rng.normal(size=(3, places)).astype("f"), np.ones(mask.shape, "f")
    run(unpool.unpool_grad, dy, mask, dx, tasks=3, python=False)
    expected = np.zeros_like(mask)
    for r, a in np.argwhere((mask >= 0) & (mask < places)):
        expected[r, a] = dy[r, int(mask[r, a])]
    assert_array_equal(dx, expected)
