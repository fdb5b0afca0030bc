import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError
from protonet.layers.ssd import codes
from tests.naive import boxes as naive

CODES = {"CORNER": codes.CORNER, "CENTER_SIZE": codes.CENTER_SIZE, "CORNER_SIZE": codes.CORNER_SIZE}
VARIANCE = np.array([0.1, 0.1, 0.2, 0.2], "f")


def some(rng, n):
    low = rng.uniform(0, 0.5, (n, 2))
    return np.concatenate([low, low + rng.uniform(0.1, 0.5, (n, 2))], 1).astype("f")


@pytest.mark.parametrize("name", CODES)
def test_decoding_agrees_with_one_box_at_a_time(name, rng):
    priors, loc = some(rng, 7), rng.normal(size=(2, 7, 4)).astype("f")
    found = codes.decode(CODES[name], priors, np.tile(VARIANCE, (7, 1)), loc)
    for n, p in np.ndindex(2, 7):
        assert_allclose(found[n, p], naive.decode(name, priors[p], VARIANCE, loc[n, p]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CODES)
def test_encoding_agrees_with_one_box_at_a_time(name, rng):
    priors, targets = some(rng, 7), some(rng, 7)
    found = codes.encode(CODES[name], priors, np.tile(VARIANCE, (7, 1)), targets)
    for p in range(7):
        assert_allclose(found[p], naive.encode(name, priors[p], VARIANCE, targets[p]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("code", CODES.values())
def test_what_is_encoded_decodes_to_itself(code, plain, rng):
    priors, targets, variances = some(rng, 50), some(rng, 50), np.tile(VARIANCE, (50, 1))
    made = codes.encode(code, priors, variances, targets, plain)
    assert_allclose(codes.decode(code, priors, variances, made, plain), targets, atol=1e-6)


def test_a_centered_code_by_hand():
    prior = np.array([[0, 0, 0.4, 0.2]], "f")
    found = codes.decode(codes.CENTER_SIZE, prior, VARIANCE[None], np.array([[5, 0, 0, 0]], "f"))
    assert_allclose(found, [[0.2, 0, 0.6, 0.2]], atol=1e-6)  # half a width to the right


def test_a_prior_without_area_is_refused():
    with pytest.raises(DataError, match=r"prior 1 has no area"):
        codes.decode(codes.CENTER_SIZE, np.array([[0, 0, 1, 1], [0, 0, 0, 1]], "f"), VARIANCE, np.zeros((2, 4), "f"))
