import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.labelsequence_accuracy import labelsequence_accuracy
from tests.tools import layer, run


def made(N, T, C, L, blank=0):
    text = f'type: "LabelsequenceAccuracy" labelsequence_accuracy_param {{ blank_label: {blank} }}'
    return layer(text, (N, T, C), (N, L), wants=[False, False])


@pytest.mark.parametrize("blank", [0, 2])
def test_agrees_with_one_time_at_a_time(blank, rng):
    x, label = rng.normal(size=(200, 3, 3)), rng.integers(0, 3, (200, 2))
    _, (y,) = run(made(200, 3, 3, 2, blank), x, label)
    assert_allclose(y.data, labelsequence_accuracy(x, label, blank))
    assert 0 < y.data < 1


def test_repeats_and_blanks_by_hand():
    x = np.eye(4)[[[1, 1, 0, 1, 2], [3, 3, 3, 0, 0]]]
    _, (y,) = run(made(2, 5, 4, 3), x, [[1, 1, 2], [3, 3, 0]])
    assert_allclose(y.data, 0.5)  # 1 1 2 is found; 3 is, where 3 3 is wanted


def test_other_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"expected scores \(N, T, C\) and labels \(N, L\), found"):
        layer('type: "LabelsequenceAccuracy"', (2, 5, 4), (3, 2), wants=[False, False])
