import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.layers.ssd.overlap import jaccard, suppress
from tests.layers.ssd.test_codes import some
from tests.naive import boxes as naive


@pytest.mark.parametrize("one", [0, 1])
def test_overlaps_agree_with_one_pair_at_a_time(one, rng):
    a, b = some(rng, 6) * 20, some(rng, 5) * 20
    found = jaccard(a, b, one)
    for i, j in np.ndindex(6, 5):
        assert_allclose(found[i, j], naive.overlap(a[i], b[j], one), rtol=1e-5)


def test_overlaps_by_hand():
    boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [2, 0, 3, 1], [1, 1, 1, 1]], "f")
    assert_allclose(jaccard(boxes, boxes[:1])[:, 0], [1, 1 / 7, 0, 0])


@pytest.mark.parametrize(("threshold", "eta"), [(0.2, 1), (0.45, 1), (0.9, 0.8)])
def test_what_is_kept_agrees_with_one_box_at_a_time(threshold, eta, rng):
    runs = [some(rng, n) for n in (40, 0, 25, 1)]
    starts = np.cumsum([0, *map(len, runs)])
    kept = suppress(np.concatenate(runs), starts, threshold, eta)
    for run, first in zip(runs, starts, strict=False):
        assert_array_equal(np.flatnonzero(kept[first : first + len(run)]), naive.suppress(run.tolist(), threshold, eta))


def test_small_boxes_are_passed_over_and_no_more_than_asked_for_kept():
    boxes = np.array([[0, 0, 1e-4, 1e-4], [0, 0, 1, 1], [2, 0, 3, 1], [4, 0, 5, 1]], "f")
    assert_array_equal(suppress(boxes, [0, 4], 0.5, least=1e-5, most=2), [False, True, True, False])
