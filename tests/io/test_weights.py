import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import WeightsError
from protonet.io import Weights, match


@pytest.fixture
def weights(rng):
    return Weights({"conv": [rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)], "relu": []}, "net.caffemodel")


def test_arrays_are_single_precision(weights):
    assert all(array.dtype == np.float32 for arrays in weights.values() for array in arrays)
    assert weights.count == 112


def test_layers_of_one_name_are_matched_whatever_else_there_is(weights):
    weights["gone"] = [np.zeros(2)]
    found = match(weights, {"data": [], "conv": [(4, 3, 3, 3), (4,)], "new": [(5, 4)]})
    assert (found.copied, found.ignored, found.fresh) == (["conv"], ["gone"], ["new"])
    assert_array_equal(found.arrays["conv"][1], weights["conv"][1])


def test_blobs_may_be_given_for_their_shapes(weights):
    assert match(weights, {"conv": weights["conv"]}).copied == ["conv"]


@pytest.mark.parametrize(
    ("file", "net"), [((1, 1, 1, 4), (4,)), ((1, 1, 5, 4), (5, 4)), ((4,), (1, 1, 1, 4)), ((), (1,))]
)
def test_shapes_agree_with_their_old_form_of_four_axes(file, net):
    values = np.arange(np.prod(file, dtype=int)).reshape(file)
    found = match(Weights({"ip": [values]}), {"ip": [net]})
    assert found.arrays["ip"][0].shape == net
    assert_array_equal(found.arrays["ip"][0].ravel(), values.ravel())


@pytest.mark.parametrize(
    ("file", "net"), [((4, 1, 1, 1), (4,)), ((5, 4), (4, 5)), ((1, 1, 1, 1, 4), (4,)), ((5, 4), (20,))]
)
def test_other_shapes_do_not_although_they_hold_as_many(file, net):
    with pytest.raises(WeightsError) as error:
        match(Weights({"ip": [np.zeros(file)]}, "a.caffemodel"), {"ip": [net]})
    assert str(error.value) == (
        f"a.caffemodel: layer 'ip': blob 0 is {file} in the file, the net wants {net}; "
        "rename the layer to learn it from scratch, or make its parameters those it was trained with"
    )


def test_another_number_of_blobs_is_refused_with_all_shapes(weights):
    with pytest.raises(WeightsError, match=r"the file has 2 blobs: \(4, 3, 3, 3\), \(4,\), the net wants 1 blob: \(4,"):
        match(weights, {"conv": [(4, 3, 3, 3)]})


def test_a_layer_whose_blobs_the_file_lacks_is_fresh(weights):
    assert match(weights, {"relu": [(3,)]}).fresh == ["relu"]


def test_shared_blobs_may_stand_at_their_owner_only(weights):
    blobs = {"conv": [(4, 3, 3, 3), (4,)], "again": [(4, 3, 3, 3), (4,)], "half": [(4, 3, 3, 3), (7,)]}
    shared = {("again", 0), ("again", 1), ("half", 0)}
    weights["half"] = [np.ones(7)]
    found = match(weights, blobs, shared)
    assert (found.copied, found.fresh) == (["conv", "half"], [])
    assert list(found.arrays["half"]) == [1]


def test_a_copy_has_memory_of_its_own(weights):
    weights.diffs["conv"] = [np.zeros(3)]
    copied = weights.copy()
    copied["conv"][1][:] = 9
    copied.diffs["conv"][0][:] = 9
    assert not (weights["conv"][1] == 9).any()
    assert not weights.diffs["conv"][0].any()
    assert copied.source == weights.source
