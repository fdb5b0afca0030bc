import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.shuffle_channel import shuffle_channel
from tests.tools import layer, run


def text(group):
    return f'type: "ShuffleChannel" shuffle_channel_param {{ group: {group} }}'


@pytest.mark.parametrize("group", [1, 2, 3, 6])
def test_agrees_with_numpy_and_back_again(group, rng):
    x = rng.normal(size=(2, 6, 3, 5)).astype("f")
    it = layer(text(group), x.shape)
    _, (y,) = run(it, x)
    assert_array_equal(y.data, shuffle_channel(x, group))
    assert_array_equal(it.backward(y.data)[0], x)


def test_channels_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="C a multiple of group 4, found"):
        layer(text(4), (2, 6, 3))
