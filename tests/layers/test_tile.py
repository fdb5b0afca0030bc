import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError
from tests.naive.tile import tile
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_agrees_with_numpy(axis, rng):
    x = rng.normal(size=(2, 3, 4)).astype("f")
    _, (y,) = run(layer(f'type: "Tile" tile_param {{ axis: {axis} tiles: 3 }}', x.shape), x)
    assert_array_equal(y.data, tile(x, 3, axis))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_gradient(axis, rng):
    check_gradient(layer(f'type: "Tile" tile_param {{ axis: {axis} tiles: 2 }}', (2, 3, 2)), rng.normal(size=(2, 3, 2)))


@pytest.mark.parametrize(("text", "found"), [("", "none"), ("tile_param { tiles: 0 }", "0")])
def test_no_tiles_are_refused(text, found):
    with pytest.raises(NetError, match=f"needs tiles, at least 1, found {found}"):
        layer(f'type: "Tile" {text}', (2, 3))
