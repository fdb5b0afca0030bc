import json
import tracemalloc

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose, assert_array_equal

from protonet import fillers
from protonet.errors import NetError, ShapeError
from protonet.proto import caffe_pb2
from tests.conftest import GOLDEN, needs


def filler(text):
    return text_format.Parse(text, caffe_pb2.FillerParameter())


@needs(GOLDEN / "fillers")
def test_distributions_are_those_of_caffe(rng):
    for case in json.loads((GOLDEN / "fillers" / "fillers.json").read_text()):
        values = fillers.fill(filler(case["filler"]), case["shape"], rng)
        assert values.dtype == np.float32
        assert values.shape == tuple(case["shape"])
        mean_error = 5 * case["std"] / np.sqrt(min(case["n"], values.size))
        assert_allclose(values.mean(), case["mean"], atol=2 * mean_error + 1e-7, err_msg=str(case))
        assert_allclose(values.std(), case["std"], rtol=0.05, err_msg=str(case))
        assert_allclose((values == 0).mean(), case["zero_fraction"], atol=0.01, err_msg=str(case))
        if "gaussian" not in case["filler"] and "msra" not in case["filler"]:
            edge = 0.1 * abs(case["max"]) if "unitball" in case["filler"] else 0.02 * (case["max"] - case["min"])
            assert_allclose([values.min(), values.max()], [case["min"], case["max"]], atol=edge, err_msg=str(case))


@needs(GOLDEN / "fillers")
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 8])
def test_bilinear_kernels_are_those_of_caffe(size):
    expected = np.load(GOLDEN / "fillers" / f"bilinear_k{size}.npy")
    assert_allclose(fillers.fill(filler('type: "bilinear"'), expected.shape, None), expected, atol=2e-7)


def test_each_output_of_a_positive_unitball_sums_to_one(rng):
    values = fillers.fill(filler('type: "positive_unitball"'), (4, 3, 5), rng)
    assert_allclose(values.reshape(4, -1).sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize(("norm", "n"), [("FAN_IN", 75), ("FAN_OUT", 100), ("AVERAGE", 87.5)])
def test_fans_are_counted_by_output_and_by_input(norm, n):
    assert fillers.fan(filler(f"variance_norm: {norm}"), (4, 3, 5, 5)) == n


def test_a_number_is_a_constant_and_a_scalar_a_shape():
    assert_array_equal(fillers.fill(1.0, (2,), None), [1, 1])
    assert fillers.fill(filler("value: 3"), (), None) == 3
    assert fillers.fill(filler('type: "xavier"'), (), np.random.default_rng(1)).shape == ()


def test_one_seed_gives_one_filling():
    a, b = (fillers.fill(filler('type: "gaussian"'), (5,), np.random.default_rng(1)) for _ in range(2))
    assert_array_equal(a, b)


@pytest.mark.parametrize("text", ["gaussian", "uniform", "xavier", "msra"])
def test_pieces_are_drawn_as_the_whole_would_be(text, monkeypatch):
    its = filler(f'type: "{text}" min: -1 std: 2')
    whole = fillers.fill(its, (7, 31), np.random.default_rng(3))
    monkeypatch.setattr(fillers, "PIECE", 50)
    assert_array_equal(fillers.fill(its, (7, 31), np.random.default_rng(3)), whole)


def test_filling_takes_little_more_than_the_values(rng):
    tracemalloc.start()
    values = fillers.fill(filler('type: "msra"'), (1000, 2000), rng)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.2 * values.nbytes


@pytest.mark.parametrize(
    ("text", "shape", "error", "says"),
    [
        ('type: "Xavier"', (2, 3), NetError, r"unknown filler 'Xavier' \(did you mean xavier\?\)"),
        ('type: "magic"', (2, 3), NetError, "unknown filler 'magic': use one of constant, uniform"),
        ('type: "bilinear"', (4, 108), ShapeError, r"filler bilinear: .* of a Deconvolution, found \(4, 108\)"),
        ('type: "bilinear"', (1, 1, 2, 3), ShapeError, "filler bilinear"),
        ('type: "uniform" min: 2', (2,), NetError, "min 2 is above max 1"),
        ('type: "gaussian" std: -1', (2,), NetError, "std is at least 0, found -1"),
        ('type: "msra"', (2, 0), ShapeError, "have no inputs"),
    ],
)
def test_what_cannot_be_is_refused(text, shape, error, says):
    with pytest.raises(error, match=says):
        fillers.fill(filler(text), shape, np.random.default_rng(1))
