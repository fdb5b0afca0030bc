"""The plainest kernels: each agrees with plain Python and numpy, in place and apart, whatever the size."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.kernels import pointwise
from tests.kernels.tools import run

SIZES = [1, 7, 4095, 4096, 9001]


@pytest.fixture(params=SIZES)
def pair(request, rng):
    return rng.normal(size=(2, request.param)).astype(np.float32)


def tasks(x):
    return pointwise.tasks(x.shape)


def test_fill_sets_every_number(pair):
    run(pointwise.fill, pair[0], 2.5, tasks=tasks(pair[0]))
    assert (pair[0] == 2.5).all()


def test_copy_copies(pair):
    run(pointwise.copy, pair[0], pair[1].copy(), tasks=tasks(pair[0]))
    run(pointwise.copy, pair[0], pair[1], tasks=tasks(pair[0]))
    assert_array_equal(*pair)


def test_accumulate_adds_to_what_was_there(pair):
    x, y = pair[0], pair[1].copy()
    run(pointwise.accumulate, x, y, tasks=tasks(x))
    assert_array_equal(y, pair[0] + pair[1])


@pytest.mark.parametrize("place", ["apart", "in a", "in b"])
def test_add_may_write_either_of_its_terms(pair, place):
    a, b = pair[0].copy(), pair[1].copy()
    y = {"apart": np.zeros_like(a), "in a": a, "in b": b}[place]
    run(pointwise.add, a, b, y, tasks=tasks(a))
    assert_array_equal(y, pair[0] + pair[1])


def test_add_doubles_in_place(pair):
    a = pair[0].copy()
    run(pointwise.add, a, a, a, tasks=tasks(a))
    assert_array_equal(a, 2 * pair[0])


def test_scale_works_in_place(pair):
    x, y = pair[0].copy(), pair[1]
    run(pointwise.scale, x, y, 3.0, tasks=tasks(x))
    run(pointwise.scale, x, x, 3.0, tasks=tasks(x))
    assert_array_equal(x, y)
    assert_array_equal(y, 3 * pair[0])


def test_axpy_adds_a_multiple(pair):
    x, y = pair[0], pair[1].copy()
    run(pointwise.axpy, x, y, -0.5, tasks=tasks(x))
    np.testing.assert_allclose(y, pair[1] - 0.5 * pair[0], rtol=1e-6)


def test_tasks_cover_nothing_too():
    assert pointwise.tasks((0, 3)) == pointwise.tasks(()) == 1
