import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.layer_norm import layer_norm
from tests.tools import check_gradient, layer, run

PLAIN = 'type: "LayerNorm" layer_norm_param { elementwise_affine: false eps: 0.01 }'


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (7, 600), (1, 1)])
def test_agrees_with_numpy(shape, rng):
    x, it = rng.normal(2, 3, shape), layer('type: "LayerNorm"', shape)
    for blob in it.blobs:
        blob.data[...] = rng.normal(size=shape[1:])
    _, (y,) = run(it, x)
    assert_allclose(y.data, layer_norm(x, *(blob.data for blob in it.blobs)), rtol=1e-4, atol=1e-5)
    assert_allclose(run(layer(PLAIN, shape), x)[1][0].data, layer_norm(x, eps=0.01), rtol=1e-4, atol=1e-5)


def test_a_row_by_hand():
    it = layer('type: "LayerNorm" layer_norm_param { eps: 0 }', (1, 2))
    assert_array_equal([blob.data for blob in it.blobs], [[1, 1], [0, 0]])
    assert_allclose(run(it, [[1, 5]])[1][0].data, [[-1, 1]])


@pytest.mark.parametrize("text", ['type: "LayerNorm"', PLAIN])
def test_gradient(text, rng):
    check_gradient(layer(text, (3, 2, 4)), rng.normal(size=(3, 2, 4)))


def test_images_of_nothing_are_refused():
    with pytest.raises(ShapeError, match="of at least one number"):
        layer(PLAIN, (2, 0))
    with pytest.raises(ShapeError, match="expected images"):
        layer(PLAIN, (2,))
    assert np.size(layer(PLAIN, (0, 3)).tops[0].data) == 0
