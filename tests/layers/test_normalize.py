import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.normalize import normalize
from tests.tools import check_gradient, layer, run

SHAPE = (2, 4, 3, 5)


def text(more=""):
    return f'type: "Normalize" norm_param {{ {more} }}'


@pytest.mark.parametrize("eps", [1e-10, 0.1])
@pytest.mark.parametrize("shared", ["true", "false"])
@pytest.mark.parametrize("spatial", ["true", "false"])
def test_agrees_with_numpy(spatial, shared, eps, rng):
    x = rng.normal(size=SHAPE).astype("f")
    it = layer(text(f"across_spatial: {spatial} channel_shared: {shared} eps: {eps}"), SHAPE)
    assert it.blobs[0].data.shape == (() if shared == "true" else (4,))
    it.blobs[0].data[...] = scale = rng.normal(size=it.blobs[0].data.shape).astype("f")
    _, (y,) = run(it, x)
    assert_allclose(y.data, normalize(x.astype("d"), scale, spatial == "true", eps), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2, 2)])
@pytest.mark.parametrize("more", ["", "across_spatial: false", "across_spatial: false channel_shared: false"])
def test_gradient_while_all_scales_are_alike(more, shape, rng):
    it = layer(text(more + ' scale_filler { type: "constant" value: 2 }'), shape)
    check_gradient(it, rng.normal(size=shape), tolerance=5e-3)


def test_eps_may_be_added_outside_the_root():
    _, (y,) = run(layer(text("eps: 0.5 add_eps_before_sqrt: false"), (1, 2)), [[3, 4]])
    assert_allclose(y.data, [[3 / 5.5, 4 / 5.5]], rtol=1e-6)


def test_what_other_forks_mean_by_it_is_refused():
    with pytest.raises(NetError, match="normalize_type is a fork's, and Normalize does not know it here"):
        layer(text('normalize_type: "L1"'), SHAPE)


def test_a_vector_is_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, ...\), found \(3,\)"):
        layer(text(), (3,))
