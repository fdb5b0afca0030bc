import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError, NetError
from tests.naive.embed import embed
from tests.tools import check_gradient, layer, run

FILLED = 'weight_filler { type: "gaussian" } bias_filler { type: "gaussian" }'


def text(more=""):
    return f'type: "Embed" embed_param {{ num_output: 300 input_dim: 7 {FILLED} {more} }}'


@pytest.mark.parametrize("shape", [(6,), (3, 4), ()])
def test_rows_are_looked_up(shape, rng):
    it, index = layer(text(), shape), rng.integers(0, 7, shape)
    _, (y,) = run(it, index)
    assert y.data.shape == (*shape, 300)
    w, b = (blob.data for blob in it.blobs)
    assert_allclose(y.data, embed(np.asarray(index), w, b), rtol=1e-6)


def test_the_bias_may_be_left_out():
    assert [blob.data.shape for blob in layer(text("bias_term: false"), (2,)).blobs] == [(7, 300)]


def test_gradient(rng):
    it = layer(f'type: "Embed" embed_param {{ num_output: 3 input_dim: 4 {FILLED} }}', (6,))
    check_gradient(it, [3, 0, 3, 3, 1, 0])


def test_an_index_that_is_no_row_is_reported():
    with pytest.raises(DataError, match=r"index 7 \(number 1\) is no row of the table: they are 0 to 6"):
        layer(text(), (2,)).forward([0, 7])


@pytest.mark.parametrize(("more", "missing"), [("num_output: 3", "input_dim"), ("input_dim: 3", "num_output")])
def test_a_table_without_size_is_refused(more, missing):
    with pytest.raises(NetError, match=f"embed_param needs {missing}, at least 1"):
        layer(f'type: "Embed" embed_param {{ {more} }}', (2,))
