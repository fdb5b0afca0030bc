import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.pixel_shuffle import pixel_shuffle
from tests.tools import layer, run


@pytest.mark.parametrize("name", ["pixelshuffle_param", "pixel_shuffle_param"])
@pytest.mark.parametrize("r", [1, 2, 3])
def test_agrees_with_numpy_and_back_again(r, name, rng):
    x = rng.normal(size=(2, 2 * r * r, 3, 4)).astype("f")
    it = layer(f'type: "PixelShuffle" {name} {{ upscale_factor: {r} }}', x.shape)
    _, (y,) = run(it, x)
    assert_array_equal(y.data, pixel_shuffle(x, r))
    assert_array_equal(it.backward(y.data)[0], x)


def test_channels_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="a multiple of upscale_factor 2 squared"):
        layer('type: "PixelShuffle" pixelshuffle_param { upscale_factor: 2 }', (1, 6, 2, 2))
