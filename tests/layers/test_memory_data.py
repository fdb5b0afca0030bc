"""MemoryData: rows go round, and arrays that do not fit are refused."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ProtonetError
from tests.tools import layer

TEXT = 'type: "MemoryData" memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 }'


def test_rows_go_round(rng):
    it = layer(TEXT)
    data, labels = rng.normal(size=(6, 3, 4, 5)), np.arange(6)
    it.layer.set_arrays(data, labels)
    for start in (0, 2, 4, 0):
        x, y = it.forward()
        assert_array_equal(x, data[start : start + 2].astype(np.float32))
        assert_array_equal(y, labels[start : start + 2].reshape(2, 1, 1, 1))


def test_new_arrays_begin_at_their_first_row():
    it = layer(TEXT)
    for value in (1, 2):
        it.layer.set_arrays(np.full((4, 3, 4, 5), value), np.arange(4))
        x, y = it.forward()
        assert (x == value).all()
        assert y.ravel().tolist() == [0, 1]


def test_what_is_written_into_the_arrays_later_is_seen():
    it, data = layer(TEXT), np.zeros((2, 3, 4, 5), np.float32)
    it.layer.set_arrays(data, np.zeros(2))
    data[...] = 7
    assert (it.forward()[0] == 7).all()


def test_without_arrays_it_says_what_to_do():
    with pytest.raises(ProtonetError, match=r"has no data: call net.set_input_arrays"):
        layer(TEXT).forward()


@pytest.mark.parametrize(
    ("data", "labels", "why"),
    [
        ((5, 3, 4, 5), 5, r"a multiple of 2 \(the batch size\) rows of \(3, 4, 5\), found an array \(5, 3, 4, 5\)"),
        ((0, 3, 4, 5), 0, "a multiple of 2"),
        ((4, 3, 4), 4, r"found an array \(4, 3, 4\)"),
        ((4, 3, 4, 5), 3, "a label for each of 4 rows, found 3"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(data, labels, why):
    with pytest.raises(ProtonetError, match=why):
        layer(TEXT).layer.set_arrays(np.zeros(data), np.zeros(labels))


def test_a_transformation_does_nothing_and_is_said(caplog):
    it = layer(TEXT + " transform_param { scale: 2 }")
    it.layer.set_arrays(np.ones((2, 3, 4, 5)), np.zeros(2))
    assert (it.forward()[0] == 1).all()
    assert "transform_param does nothing" in caplog.text


def test_every_size_must_be_given():
    with pytest.raises(ProtonetError, match=r"MemoryData needs memory_data_param.height"):
        layer('type: "MemoryData" memory_data_param { batch_size: 2 channels: 3 width: 5 }')
