import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, ShapeError
from protonet.layers import TEST
from tests.naive.label_specific_add import label_specific_add
from tests.tools import layer, run

AM = 'type: "LabelSpecificAdd" label_specific_add_param { bias: -0.35 %s }'


def test_agrees_with_numpy(rng):
    x, label = rng.uniform(-1, 1, (7, 5)).astype(np.float32), rng.integers(0, 5, 7)
    _, (y,) = run(layer(AM % "", (7, 5), (7,)), x, label)
    assert_allclose(y.data, label_specific_add(x, label, -0.35), rtol=1e-6)


def test_two_rows_by_hand():
    it = layer(AM % "", (2, 2), (2,))
    _, (y,) = run(it, [[0.5, 0.6], [0.3, 0.7]], [1, 0])
    assert_allclose(y.data, [[0.5, 0.25], [0.3, 0.7]], rtol=1e-6)  # 0.3 is below 0.35, and stays
    assert_array_equal(it.backward([[1, 2], [3, 4]])[0], [[1, 2], [3, 4]])


def test_in_test_scores_pass_unless_told_otherwise():
    assert_allclose(run(layer(AM % "", (1, 2), (1,), phase=TEST), [[0.5, 0.6]], [1])[1][0].data, [[0.5, 0.6]])
    changed = layer(AM % "transform_test: true", (1, 2), (1,), phase=TEST)
    assert_allclose(run(changed, [[0.5, 0.6]], [1])[1][0].data, [[0.5, 0.25]], rtol=1e-6)


def test_wrong_labels_are_refused():
    with pytest.raises(ShapeError, match="expected scores"):
        layer(AM % "", (2, 2), (3,))
    with pytest.raises(DataError, match="label 2"):
        run(layer(AM % "", (1, 2), (1,)), [[0.5, 0.6]], [2])


def test_half_a_class_before_the_first_is_none_where_there_is_none():
    with pytest.raises(DataError, match=r"label -0.5 \(number 0 of the batch\) is no class"):
        layer('type: "LabelSpecificAdd"', (2, 0), (2,)).forward(np.zeros((2, 0)), [-0.5, -0.5])
