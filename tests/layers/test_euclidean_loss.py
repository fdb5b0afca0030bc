import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.euclidean_loss import euclidean_loss
from tests.tools import check_gradient, layer, run

TEXT = 'type: "EuclideanLoss"'


@pytest.mark.parametrize("shapes", [((4, 6), (4, 6)), ((2, 3, 50, 70), (2, 10500))])
def test_agrees_with_numpy(shapes, rng):
    a, b = (rng.normal(size=shape).astype("f") for shape in shapes)
    _, (loss,) = run(layer(TEXT, *shapes), a, b)
    assert_allclose(loss.data, euclidean_loss(a.astype("d"), b.astype("d")), rtol=1e-6)


@pytest.mark.parametrize("wants", [[True, True], [True, False], [False, True]])
def test_gradient_of_either_bottom(wants, rng):
    check_gradient(layer(TEXT, (3, 4), (3, 4), wants=wants), *rng.normal(size=(2, 3, 4)))


def test_other_sizes_are_refused():
    with pytest.raises(ShapeError, match=r"as many numbers for each image: found shapes \(4, 3\) and \(4, 2\)"):
        layer(TEXT, (4, 3), (4, 2))
