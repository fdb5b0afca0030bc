import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from protonet.layers import TEST
from tests.naive.multi_stage_meanfield import multi_stage_meanfield
from tests.tools import check_gradient, layer, run

SHAPE, IMAGE = (2, 3, 4, 5), (2, 3, 4, 5)
MANY = "num_iterations: 3 theta_alpha: 4 theta_beta: 2 theta_gamma: 1.5 spatial_filter_weight: 3"


def made(text=MANY + " bilateral_filter_weight: 5", shape=SHAPE, image=IMAGE, **options):
    return layer(
        f'type: "MultiStageMeanfield" multi_stage_meanfield_param {{ {text} }}', shape, shape, image, **options
    )


def test_agrees_with_one_point_at_a_time(rng):
    u, q, image = rng.normal(size=(3, *SHAPE))
    it = made()
    for blob in it.blobs:
        blob.data[...] = rng.normal(size=blob.data.shape)
    _, (y,) = run(it, u, q, image)
    for n in range(2):
        matrices = [blob.data[0, 0] for blob in it.blobs]
        expected = multi_stage_meanfield(u[n], q[n], image[n], 3, 4, 2, 1.5, *matrices)
        assert_allclose(y.data[n], expected, rtol=1e-3, atol=1e-3)


def test_a_single_pixel_hears_only_itself():
    """Two classes of equal score hear 3 + 5 times a half each; then, one step on, the same."""
    it = made(shape=(1, 2, 1, 1), image=(1, 3, 1, 1))
    _, (y,) = run(it, np.zeros((1, 2, 1, 1)), np.zeros((1, 2, 1, 1)), np.ones((1, 3, 1, 1)))
    assert_allclose(y.data.ravel(), [4, 4], rtol=1e-5)


def test_begins_as_potts_model():
    spatial, bilateral, compatibility = (blob.data[0, 0] for blob in made().blobs)
    for found, value in (spatial, 3), (bilateral, 5), (compatibility, -1):
        assert_allclose(found, value * np.eye(3))


def test_like_pixels_come_to_agree():
    """One pixel of four of one colour says otherwise, and is outvoted."""
    u = np.array([[[2, 2], [2, -1]], [[-2, -2], [-2, 1]]])[None]
    _, (y,) = run(made(shape=(1, 2, 2, 2), image=(1, 3, 2, 2)), u, u, np.zeros((1, 3, 2, 2)))
    assert (y.data[0, 0] > y.data[0, 1]).all()


def test_gradient(rng):
    u, q = rng.normal(size=(2, *SHAPE))
    it = made(MANY.replace("weight: 3", "weight: 0.7") + " bilateral_filter_weight: 0.4")
    check_gradient(it, u, q, rng.normal(size=IMAGE) * 0.1)


def test_in_test_the_same_comes_out(rng):
    xs = rng.normal(size=(3, *SHAPE))
    assert_allclose(made(phase=TEST, wants=[False] * 3).forward(*xs)[0], made().forward(*xs)[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MANY.replace("iterations: 3", "iterations: 1"), "num_iterations must be at least 2, found 1"),
        (MANY.replace("theta_beta: 2", ""), "theta_beta must be above 0, found 0"),
        (MANY + " compatibility_mode: SEMI_METRIC", "use POTTS"),
    ],
)
def test_refusals(text, said):
    with pytest.raises(NetError, match=said):
        made(text)


def test_an_image_of_another_size_is_refused():
    with pytest.raises(ShapeError, match=r"expected images \(2, 3, 4, 5\), as large as the scores, found"):
        made(image=(2, 3, 5, 4))


@pytest.mark.parametrize("shape", [(2, 3, 4, 0), (2, 3, 0, 5), (0, 3, 4, 5)])
def test_nothing_comes_of_no_pixels(shape):
    it = made(shape=shape, image=(shape[0], 3, *shape[2:]))
    (y,) = it.forward(np.zeros(shape), np.zeros(shape), np.zeros((shape[0], 3, *shape[2:])))
    assert y.shape == shape
    assert it.backward(y)[0].shape == shape
