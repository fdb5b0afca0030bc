import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.layers.examples import apart
from tests.naive.channel_norm import channel_norm
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 5, 61, 67), (1, 1, 1, 1), (0, 3, 2, 2)])
def test_agrees_with_numpy(shape, rng):
    x = rng.normal(size=shape)
    _, (y,) = run(layer('type: "ChannelNorm"', shape), x)
    assert_allclose(y.data, channel_norm(x), rtol=1e-5)


def test_two_places_by_hand():
    it = layer('type: "ChannelNorm"', (1, 2, 1, 2))
    _, (y,) = run(it, [[[[3, 0]], [[4, 0]]]])
    assert_allclose(y.data, [[[[5, 0]]]])
    assert_allclose(it.backward([[[[10, 7]]]])[0], [[[[6, 0]], [[8, 0]]]])  # no length, no gradient


def test_gradient(rng):
    check_gradient(layer('type: "ChannelNorm"', (2, 3, 2, 2)), *apart(rng, [(2, 3, 2, 2)]))


def test_what_is_no_map_is_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, H, W\), found \(2, 3\)"):
        layer('type: "ChannelNorm"', (2, 3))
