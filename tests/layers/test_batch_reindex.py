import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError
from tests.naive.batch_reindex import batch_reindex
from tests.tools import check_gradient, layer, run

TEXT = 'type: "BatchReindex"'


def test_images_are_chosen_in_any_order_and_as_often_as_asked(rng):
    x, index = rng.normal(size=(4, 3, 200)).astype("f"), np.array([3, 0, 0, 2, 3, 3])
    _, (y,) = run(layer(TEXT, x.shape, index.shape), x, index)
    assert_array_equal(y.data, batch_reindex(x, index))


def test_gradient(rng):
    check_gradient(layer(TEXT, (4, 3), (5,)), rng.normal(size=(4, 3)), [3, 0, 0, 2, 3])


def test_an_index_that_is_no_image_is_reported():
    with pytest.raises(DataError, match=r"index 4 \(number 1\) is no image: the batch has 0 to 3"):
        layer(TEXT, (4, 3), (2,)).forward(0, [0, 4])


@pytest.mark.parametrize("index", [-0.5, 0, -1])
def test_no_image_is_an_index_where_there_is_none(index):
    with pytest.raises(DataError, match=r"is no image: the batch has 0 to -1"):
        layer(TEXT, (0, 3), (2,)).forward(np.zeros((0, 3)), [index, index])
