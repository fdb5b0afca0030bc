import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.mvn import mvn
from tests.tools import check_gradient, layer, run

CASES = [
    {},
    {"across_channels": True},
    {"normalize_variance": False},
    {"normalize_variance": False, "across_channels": True},
]


def text(case, more=""):
    return 'type: "MVN" mvn_param {' + more + " ".join(f"{k}: {str(v).lower()}" for k, v in case.items()) + "}"


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_numpy(case, rng):
    x = rng.normal(5, 2, (2, 3, 4, 5))
    _, (y,) = run(layer(text(case), x.shape), x)
    assert_allclose(y.data, mvn(x, case.get("normalize_variance", True), case.get("across_channels", False)), atol=1e-5)


def test_eps_is_added_to_the_deviation(rng):
    x = rng.normal(size=(2, 3, 4))
    _, (y,) = run(layer(text({}, "eps: 0.5 "), x.shape), x)
    assert_allclose(y.data, mvn(x, eps=0.5), atol=1e-5)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_gradient(case, in_place, rng):
    check_gradient(layer(text(case), (2, 3, 4), in_place=in_place), rng.normal(size=(2, 3, 4)))


def test_a_vector_is_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, ...\), found \(3,\)"):
        layer(text({}), (3,))
