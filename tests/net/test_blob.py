"""Blobs: live views, reshaping, sharing, and what tells a plan that its memory has moved."""

import numpy as np
import pytest

from protonet.errors import ShapeError
from protonet.net import Blob


def test_data_and_diff_are_live_views_of_float32():
    blob = Blob((2, 3), "x")
    blob.data[1, 2] = 7
    blob.diff[0] = 1
    assert blob.data.dtype == blob.diff.dtype == np.float32
    assert blob.data.ravel().tolist() == [0, 0, 0, 0, 0, 7]
    assert blob.diff.sum() == 3


@pytest.mark.parametrize("shape", [(6,), ([3, 2],), ((3, 2),), (np.int64(3), 2)])
def test_a_reshape_takes_ints_or_a_sequence_and_keeps_the_values(shape):
    blob = Blob((2, 3), "x")
    blob.data[...] = np.arange(6).reshape(2, 3)
    blob.reshape(*shape)
    assert blob.count == 6
    assert blob.data.ravel().tolist() == list(range(6))


def test_a_smaller_shape_keeps_the_memory_and_a_larger_one_takes_new():
    blob = Blob((4,), "x")
    before = blob.place
    blob.reshape(2)
    assert blob.place[1:] == before[1:]
    blob.reshape(5)
    assert blob.place[1] != before[1]
    assert blob.place[2] != before[2]


def test_a_negative_size_is_refused():
    with pytest.raises(ShapeError, match=r"blob 'x': a shape has no negative sizes, found \(2, -1\)"):
        Blob((2,), "x").reshape(2, -1)


def test_shared_data_are_one_memory_and_diffs_stay_apart():
    a, b = Blob((3,), "a"), Blob((3,), "b")
    a.share_data(b)
    b.data[...] = 2
    a.diff[...] = 5
    assert (a.data == 2).all()
    assert not b.diff.any()
    a.share_diff(b)
    b.diff[...] = 4
    assert (a.diff == 4).all()


def test_whoever_shares_memory_sees_it_move():
    """A reshape of one that needs more room is a change of place for both."""
    a, b = Blob((3,), "a"), Blob((3,), "b")
    a.share_data(b)
    before = a.place
    b.reshape(8)
    assert a.place != before


def test_every_change_is_seen():
    blob, other = Blob((3,), "x"), Blob((3,), "y")
    for change in lambda: blob.reshape(2), lambda: blob.share_data(other), lambda: blob.share_diff(other):
        before = Blob.changed
        change()
        assert Blob.changed is not before


def test_the_old_axes_are_ones_where_there_are_none():
    blob = Blob((5, 4), "x")
    assert (blob.num, blob.channels, blob.height, blob.width) == (5, 4, 1, 1)
    with pytest.raises(ShapeError, match="has 5 axes"):
        _ = Blob((1, 2, 3, 4, 5), "x").num


def test_a_scalar_has_one_number():
    blob = Blob((), "loss")
    blob.data[...] = 3
    assert blob.count == 1
    assert float(blob.data) == 3
    assert repr(blob) == "<Blob loss ()>"
