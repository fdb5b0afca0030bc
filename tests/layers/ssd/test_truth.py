import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError
from protonet.layers.ssd.truth import read

ROWS = np.array([[0, 1, 0, 0.1, 0.2, 0.3, 0.4, 0], [-1] * 8, [1, 2, 0, 0.5, 0.5, 1, 1, 1]], "f")[None, None]


def test_rows_of_no_image_are_left_out():
    found = read(ROWS, 0, 3)
    assert_array_equal(found.images, [0, 1])
    assert_array_equal(found.labels, [1, 2])
    assert_array_equal(found.difficult, [False, True])
    assert_array_equal(found.image(1).boxes, [[0.5, 0.5, 1, 1]])


@pytest.mark.parametrize(
    ("classes", "background", "says"),
    [(2, 0, "label 2, which is no class"), (3, 1, "label 1, which is the background")],
)
def test_labels_that_cannot_be_are_told(classes, background, says):
    with pytest.raises(DataError, match=says):
        read(ROWS, background, classes)


def test_what_is_not_finite_is_told():
    rows = ROWS.copy()
    rows[0, 0, 2, 4] = np.nan
    with pytest.raises(DataError, match="ground truth 2 is not finite"):
        read(rows, 0, 3)
