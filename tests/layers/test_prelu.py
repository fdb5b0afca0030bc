import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.prelu import prelu
from tests.tools import check_gradient, layer, run

SHARED = 'type: "PReLU" prelu_param { channel_shared: true }'


@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 5, 7)])
@pytest.mark.parametrize("text", ['type: "PReLU"', SHARED])
def test_agrees_with_numpy(text, shape, rng):
    it, x = layer(text, shape), rng.normal(size=shape).astype("f")
    assert_array_equal(it.blobs[0].data, 0.25)
    it.blobs[0].data[...] = a = rng.normal(size=it.blobs[0].data.shape).astype("f")
    _, (y,) = run(it, x)
    assert_allclose(y.data, prelu(x, a), rtol=1e-6)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4)])
@pytest.mark.parametrize("text", ['type: "PReLU" prelu_param { filler { value: -0.4 } }', SHARED])
def test_gradient(text, shape, in_place, rng):
    x = rng.normal(size=shape)
    x[abs(x) < 0.05] = 0.5
    check_gradient(layer(text, shape, in_place=in_place), x)


def test_a_vector_is_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, ...\), found \(3,\)"):
        layer('type: "PReLU"', (3,))
