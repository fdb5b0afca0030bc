import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.arithmetic import HOW, arithmetic
from tests.tools import layer, run

SHAPES = (
    ((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (4,)), ((3, 1), (2, 3, 4)), ((2, 1, 4), (1, 3, 1)), ((2, 3), ()),
    ((), (2, 3)), ((), ()), ((1,), (5, 1)), ((0, 3), (3,)),
)  # fmt: skip


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("kind", sorted(HOW))
def test_agrees_with_numpy(kind, a, b, rng):
    x, z = rng.normal(size=a), rng.normal(size=b)
    _, (y,) = run(layer(f'type: "{kind}"', a, b, wants=[False, False]), x, z)
    assert_allclose(y.data, arithmetic(kind, x, z), rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("Add", [[11, 22], [13, 24]]), ("Sub", [[-9, -18], [-7, -16]]), ("Div", [[0.1, 0.1], [0.3, 0.2]]),
     ("Maximum", [[10, 20], [10, 20]]), ("Minimum", [[1, 2], [3, 4]])],
)  # fmt: skip
def test_by_hand(kind, expected):
    _, (y,) = run(layer(f'type: "{kind}"', (2, 2), (2,), wants=[False, False]), [[1, 2], [3, 4]], [10, 20])
    assert_allclose(y.data, expected, rtol=1e-6)


def test_the_bottoms_are_left_alone(rng):
    a, b = rng.normal(size=(2, 3)).astype("f"), rng.normal(size=3).astype("f")
    bottoms, _ = run(layer('type: "Sub"', (2, 3), (3,), wants=[False, False]), a, b)
    assert_array_equal(bottoms[0].data, a)


def test_axes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"cannot spread \(2, 3\) and \(2,\) over each other"):
        layer('type: "Add"', (2, 3), (2,))
