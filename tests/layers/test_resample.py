import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.resample import resample
from tests.tools import layer, run

KINDS = "NEAREST", "LINEAR", "CUBIC"


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("how", KINDS)
@pytest.mark.parametrize("size", [(8, 10), (12, 15), (2, 2), (4, 5), (3, 9), (1, 1)])
def test_agrees_with_the_twin(size, how, antialias, rng):
    x = rng.normal(size=(2, 3, 4, 5))
    P, Q = size
    text = f"height: {P} width: {Q} type: {how} antialias: {'true' if antialias else 'false'}"
    it = layer(f'type: "Resample" resample_param {{ {text} }}', x.shape)
    _, (y,) = run(it, x)
    assert_allclose(y.data, resample(x, P, Q, how, antialias), rtol=1e-4, atol=1e-4)


def test_a_row_twice_as_long_by_hand():
    it = layer('type: "Resample" resample_param { height: 2 width: 4 type: LINEAR }', (1, 1, 1, 2))
    _, (y,) = run(it, [[[[0, 4]]]])
    assert_allclose(y.data[0, 0, 0], [0, 1, 3, 4])  # at -0.25 (0 alone is there), 0.25, 0.75 and 1.25


def test_a_second_bottom_gives_the_size():
    it = layer('type: "Resample" resample_param { height: 9 type: NEAREST }', (1, 2, 2, 2), (7, 5, 4, 6))
    assert it.tops[0].data.shape == (1, 2, 4, 6)


def test_what_the_fork_has_not_is_refused():
    with pytest.raises(NetError, match="AREA is in the message, but not in the fork's layer"):
        layer('type: "Resample" resample_param { height: 2 width: 2 type: AREA }', (1, 1, 2, 2))
    with pytest.raises(ShapeError, match="height and width must be at least 1"):
        layer('type: "Resample" resample_param { height: 2 }', (1, 1, 2, 2))
