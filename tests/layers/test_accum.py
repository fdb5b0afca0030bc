import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.accum import accum
from tests.tools import check_gradient, layer, run

SHAPES = (2, 3, 4, 5), (2, 1, 2, 7)


@pytest.mark.parametrize(
    ("text", "size"),
    [("", (4, 7)), ("top_height: 9 top_width: 8", (9, 8)), ("top_height: 9 top_width: 3", (4, 7)),
     ("size_divisible_by: 5", (5, 10)), ("size_divisible_by: 4", (4, 7))],
)  # fmt: skip
def test_agrees_with_numpy(text, size, rng):
    xs = [rng.normal(size=shape) for shape in SHAPES]
    _, (y,) = run(layer(f'type: "Accum" accum_param {{ {text} }}', *SHAPES), *xs)
    assert_allclose(y.data, accum(xs, *size), rtol=1e-4, atol=1e-5)


def test_a_reference_gives_the_size_alone(rng):
    x = rng.normal(size=(2, 3, 4, 5))
    it = layer('type: "Accum" accum_param { have_reference: true }', x.shape, (2, 9, 2, 3))
    _, (y,) = run(it, x, 0)
    assert_allclose(y.data, accum([x], 2, 3), rtol=1e-4, atol=1e-5)
    assert it.bottoms[1].diff is None


def test_a_row_by_hand():
    it = layer('type: "Accum"', (1, 1, 1, 2), (1, 1, 1, 3))
    _, (y,) = run(it, [[[[0, 4]]]], [[[[1, 2, 3]]]])
    assert_allclose(y.data, [[[[0, 2, 4]], [[1, 2, 3]]]])
    assert_allclose(it.backward([[[[1, 1, 1]], [[5, 6, 7]]]])[0], [[[[1.5, 1.5]]]])


def test_gradient(rng):
    check_gradient(layer('type: "Accum"', *SHAPES), *[rng.normal(size=shape) for shape in SHAPES])


def test_other_batches_are_refused():
    with pytest.raises(ShapeError, match=r"bottom 0 has \(2, 3, 4, 5\), 1 has \(1, 3, 4, 5\)"):
        layer('type: "Accum"', (2, 3, 4, 5), (1, 3, 4, 5))
    with pytest.raises(ShapeError, match="there must be another before it"):
        layer('type: "Accum" accum_param { have_reference: true }', (2, 3, 4, 5))


@pytest.mark.parametrize("shape", [(4, 3, 0, 2), (4, 3, 2, 0)])
def test_maps_of_no_pixels_are_refused(shape):
    with pytest.raises(ShapeError, match=r"found bottom 0 of shape .* which has no pixels"):
        layer('type: "Accum"', shape, (4, 2, 3, 3))
