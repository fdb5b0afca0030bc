import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.rnn import rnn
from tests.tools import check_gradient, layer, run

T, N, D, S, H = 4, 3, 5, 2, 6
X, CONT, STATIC, STATE = (T, N, D), (T, N), (N, S), (1, N, H)
BEGIN = np.array([[0, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]])
FILLED = 'weight_filler { type: "gaussian" std: 0.5 } bias_filler { type: "gaussian" }'


def made(*shapes, text="", tops=1):
    names = " ".join(f'top: "y{i}"' for i in range(tops))
    return layer(f'type: "RNN" {names} recurrent_param {{ num_output: {H} {FILLED} {text} }}', *shapes)


def blobs(it):
    return [b.data.astype("d") for b in it.blobs]


def test_agrees_with_one_time_after_the_other(rng):
    it, x = made(X, CONT), rng.normal(size=X)
    _, (y,) = run(it, x, BEGIN)
    assert_allclose(y.data, rnn(x, BEGIN, *blobs(it))[0], atol=1e-5)


def test_one_state_of_one_sequence_by_hand():
    it = layer('type: "RNN" recurrent_param { num_output: 1 }', (2, 1, 1), (2, 1))
    for blob, value in zip(it.blobs, (1, 0, 2, 3, 0), strict=True):
        blob.data[...] = value
    _, (y,) = run(it, [[[1]], [[0]]], [[0], [1]])
    h = np.tanh(1)
    assert_allclose(y.data.ravel(), [np.tanh(3 * h), np.tanh(3 * np.tanh(2 * h))], rtol=1e-6)


def test_static_input_and_states(rng):
    it = made(X, CONT, STATIC, STATE, text="expose_hidden: true", tops=2)
    x, static, h = rng.normal(size=X), rng.normal(size=STATIC), rng.normal(size=STATE)
    wx, b, ws, wh, wo, bo = blobs(it)
    cont = np.ones(CONT)
    _, (y, last) = run(it, x, cont, static, h)
    expected, end = rnn(x, cont, wx, b, wh, wo, bo, static, ws, h[0])
    assert_allclose(y.data, expected, atol=1e-5)
    assert_allclose(last.data[0], end, atol=1e-5)


def test_the_next_batch_goes_on_where_this_one_ended(rng):
    it, whole = made(X, CONT), made((2 * T, N, D), (2 * T, N))
    x, cont = rng.normal(size=(2 * T, N, D)), np.ones((2 * T, N))
    expected = whole.forward(x, cont)[0].copy()
    first = it.forward(x[:T], cont[:T])[0].copy()
    assert_allclose(np.concatenate([first, it.forward(x[T:], cont[T:])[0]]), expected, atol=1e-6)


@pytest.mark.parametrize("static", [False, True])
def test_gradient(static, rng):
    it = made(*[X, CONT, STATIC][: 2 + static])
    check_gradient(it, rng.normal(size=X), BEGIN, *([rng.normal(size=STATIC)] if static else []))


def test_a_vector_is_refused():
    with pytest.raises(ShapeError, match=r"expected x of shape \(T, N, ...\), found \(4,\)"):
        made((4,), (4,))


def test_missing_outputs_are_refused():
    with pytest.raises(ShapeError, match="num_output must be at least 1, found none or 0"):
        layer('type: "RNN"', X, CONT)


def test_working_in_place_is_refused():
    with pytest.raises(NetError, match="RNN cannot work in place"):
        layer('type: "RNN" recurrent_param { num_output: 5 }', X, CONT, in_place=True)
