import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.lrn import lrn
from tests.tools import check_gradient, layer, run

CASES = [
    {},
    {"local_size": 3, "alpha": 0.5, "beta": 0.6, "k": 2},
    {"local_size": 9, "alpha": 0.3},
    {"local_size": 1},
    {"local_size": 5, "alpha": 1e-4},
]


def text(case, region="ACROSS_CHANNELS"):
    return f'type: "LRN" lrn_param {{ norm_region: {region} ' + " ".join(f"{k}: {v}" for k, v in case.items()) + "}"


def known(case):
    return {("size" if k == "local_size" else k): v for k, v in case.items()}


@pytest.mark.parametrize("case", CASES)
def test_across_channels_agrees_with_numpy(case, rng):
    x = 3 * rng.normal(size=(2, 7, 3, 5))
    _, (y,) = run(layer(text(case), x.shape), x)
    assert_allclose(y.data, lrn(x, **known(case)), rtol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_within_a_channel_agrees_with_numpy_and_k_is_one(case, rng):
    x = 3 * rng.normal(size=(2, 2, 6, 5))
    _, (y,) = run(layer(text(case, "WITHIN_CHANNEL"), x.shape), x)
    assert_allclose(y.data, lrn(x, within=True, **{**known(case), "k": 1}), rtol=1e-5)


@pytest.mark.parametrize("region", ["ACROSS_CHANNELS", "WITHIN_CHANNEL"])
@pytest.mark.parametrize("case", CASES[:3])
def test_gradient(case, region, rng):
    check_gradient(layer(text(case, region), (2, 4, 3, 2)), rng.normal(size=(2, 4, 3, 2)), tolerance=2e-3)


def test_an_even_size_is_refused():
    with pytest.raises(NetError, match="local_size is odd, so that there is a middle, found 4"):
        layer(text({"local_size": 4}), (1, 2, 3, 4))


def test_other_than_four_axes_are_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, H, W\), found \(2, 3\)"):
        layer(text({}), (2, 3))


def test_a_window_far_larger_than_the_map_takes_no_longer(rng):
    """And is divided by its whole size: what is outside counts as 0."""
    x = rng.normal(size=(2, 3, 4, 5)).astype("f4")
    for region in ("WITHIN_CHANNEL", "ACROSS_CHANNELS"):
        text = f'type: "LRN" lrn_param {{ local_size: 2147483647 alpha: 1e9 norm_region: {region} }}'
        _, (y,) = run(layer(text, x.shape), x)
        size = 2147483647.0
        axes, rate = ((2, 3), 1e9 / size**2) if region == "WITHIN_CHANNEL" else ((1,), 1e9 / size)
        assert_allclose(y.data, x * (1 + rate * (x**2).sum(axes, keepdims=True)) ** -0.75, rtol=1e-4)
