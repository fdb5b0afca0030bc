import pytest

from protonet.errors import ShapeError
from tests.naive.input import input
from tests.tools import layer


def test_one_shape_serves_all_tops():
    it = layer('type: "Input" top: "a" top: "b" input_param { shape { dim: 2 dim: 3 } }')
    assert [top.data.shape for top in it.tops] == [(2, 3), (2, 3)]


def test_each_top_may_have_its_own_shape_and_keeps_what_is_put_there(rng):
    it = layer('type: "Input" top: "a" top: "b" input_param { shape { dim: 2 } shape { } }')
    assert [top.data.shape for top in it.tops] == [(2,), ()]
    it.tops[0].data[...] = [5, 6]
    assert [list(values) for values in input(it.forward()[0])] == [[5, 6]]


@pytest.mark.parametrize("shapes", ["", "shape { dim: 1 } shape { dim: 2 }"])
def test_a_wrong_number_of_shapes_is_refused(shapes):
    with pytest.raises(ShapeError, match=r"one shape for each top, or one for all: found [02] for 3 tops"):
        layer(f'type: "Input" top: "a" top: "b" top: "c" input_param {{ {shapes} }}')
