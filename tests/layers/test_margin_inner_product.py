import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError, ShapeError
from tests.naive.margin_inner_product import margin_inner_product, psi
from tests.tools import layer, run

TYPES = {"SINGLE": 1, "DOUBLE": 2, "TRIPLE": 3, "QUADRUPLE": 4}
M, A, K = 40, 6, 5


def made(text, shape=(M, A), tops=1):
    names = " ".join(f'top: "y{i}"' for i in range(tops))
    param = f'num_output: {K} weight_filler {{ type: "gaussian" }} {text}'
    return layer(f'type: "MarginInnerProduct" {names} margin_inner_product_param {{ {param} }}', shape, shape[:1])


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("base", [0, 5])
def test_agrees_with_angles(kind, base, rng):
    it, x, label = made(f"type: {kind} base: {base}"), rng.normal(size=(M, A)), rng.integers(0, K, M)
    w = it.blobs[0].data.astype("d")
    _, (y,) = run(it, x, label)
    assert_allclose(y.data, margin_inner_product(x, label, w, TYPES[kind], base), rtol=1e-4, atol=1e-4)
    assert_allclose(np.linalg.norm(it.blobs[0].data, axis=1), np.ones(K), rtol=1e-6)


def test_twice_a_right_angle_by_hand():
    it = made("type: DOUBLE base: 0", (1, 2))
    it.blobs[0].data[...] = [[3, 0], [0, 2], [1, 1], [1, 0], [1, 0]]
    _, (y,) = run(it, [[0, 4]], [0])
    # the angle to the label's weights is 90 degrees, twice that has cosine -1
    assert_allclose(y.data, [[-4, 4, 4 / np.sqrt(2), 0, 0]], rtol=1e-6)


def test_lambda_falls_with_the_iterations(rng):
    it = made("type: DOUBLE base: 100 gamma: 0.5 power: 2 lambda_min: 3 iteration: 3", tops=2)
    xs = rng.normal(size=(M, A)), rng.integers(0, K, M)
    assert_allclose(it.forward(*xs)[1], [100 / 3**2], rtol=1e-6)  # the first is iteration 4
    it.random[1] = 1000
    assert_allclose(it.forward(*xs)[1], [3])


@pytest.mark.parametrize("kind", TYPES)
def test_what_goes_down_has_the_direction_of_the_gradient(kind, rng):
    it, m = made(f"type: {kind} base: 0", (1, A)), TYPES[kind]
    x, k = rng.normal(size=(1, A)), 2
    it.forward(x, [k])
    w = it.blobs[0].data.astype("d")
    dx, _ = it.backward(np.eye(K)[k : k + 1])

    def own(v):
        return np.linalg.norm(v) * psi(np.arccos(v @ w[k] / np.linalg.norm(v)), m)

    true = np.array([(own(x[0] + h) - own(x[0] - h)) / 2e-6 for h in 1e-6 * np.eye(A)])
    assert_allclose(dx[0] / np.linalg.norm(dx[0]), true / np.linalg.norm(true), atol=1e-4)
    assert_allclose(it.blobs[0].diff[k], x[0], rtol=1e-6)  # as of a plain inner product


def test_other_classes_pass_down_their_weights(rng):
    it = made("type: QUADRUPLE", (3, A))
    it.forward(rng.normal(size=(3, A)), [0, 0, 0])
    dy = np.zeros((3, K))
    dy[1, 3] = 2
    assert_allclose(it.backward(dy)[0][1], 2 * it.blobs[0].data[3], rtol=1e-6)


def test_vectors_of_length_0_make_no_nan():
    for kind in TYPES:
        it = made(f"type: {kind}", (2, A))
        assert np.isfinite(it.forward(np.zeros((2, A)), [0, 1])[0]).all()
        assert np.isfinite(it.backward(np.ones((2, K)))[0]).all()


def test_a_label_that_is_no_class_is_told(rng):
    with pytest.raises(DataError, match="label 5"):
        made("").forward(rng.normal(size=(M, A)), np.full(M, K))


def test_labels_for_others_are_refused():
    with pytest.raises(ShapeError, match="expected 4 labels"):
        layer('type: "MarginInnerProduct" margin_inner_product_param { num_output: 3 }', (4, 3), (5,))
