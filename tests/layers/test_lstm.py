import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.lstm import lstm
from tests.tools import check_gradient, layer, run

T, N, D, S, H = 4, 3, 5, 2, 6
X, CONT, STATIC, STATE = (T, N, D), (T, N), (N, S), (1, N, H)
BEGIN = np.array([[0, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]])
FILLED = 'weight_filler { type: "gaussian" std: 0.5 } bias_filler { type: "gaussian" }'


def made(*shapes, text="", tops=1, **options):
    names = " ".join(f'top: "y{i}"' for i in range(tops))
    param = f"recurrent_param {{ num_output: {H} {FILLED} {text} }}"
    return layer(f'type: "LSTM" {names} {param}', *shapes, **options)


def blobs(it):
    return [b.data.astype("d") for b in it.blobs]


def test_agrees_with_one_time_after_the_other(rng):
    it, x = made(X, CONT), rng.normal(size=X)
    _, (y,) = run(it, x, BEGIN)
    assert_allclose(y.data, lstm(x, BEGIN, *blobs(it))[0], atol=1e-5)


def test_one_state_of_one_sequence_by_hand():
    it = layer('type: "LSTM" recurrent_param { num_output: 1 }', (2, 1, 1), (2, 1))
    it.blobs[0].data[:, 0] = [1, 0, 0, 2]
    it.blobs[2].data[:, 0] = [0, 0, 3, 0]
    _, (y,) = run(it, [[[0]], [[1]]], [[0], [1]])
    # t = 0: i = f = o = 1/2, g = 0, so c = h = 0.  t = 1: i = 0.731, g = tanh 2, o = 1/2
    assert_allclose(y.data.ravel(), [0, 0.5 * np.tanh(0.7310586 * np.tanh(2))], rtol=1e-6)


def test_axes_behind_the_second_are_one(rng):
    flat, deep = made((T, N, 6), CONT), made((T, N, 2, 3), CONT)
    x = rng.normal(size=(T, N, 6))
    assert_array_equal(run(flat, x, BEGIN)[1][0].data, run(deep, x.reshape(T, N, 2, 3), BEGIN)[1][0].data)


def test_a_static_input_is_there_at_every_time(rng):
    it = made(X, CONT, STATIC)
    x, static = rng.normal(size=X), rng.normal(size=STATIC)
    wx, b, ws, wh = blobs(it)
    assert ws.shape == (4 * H, S)
    _, (y,) = run(it, x, BEGIN, static)
    assert_allclose(y.data, lstm(x, BEGIN, wx, b, wh, static, ws)[0], atol=1e-5)


def test_states_are_bottoms_and_tops_with_expose_hidden(rng):
    it = made(X, CONT, STATIC, STATE, STATE, text="expose_hidden: true", tops=3)
    x, static, h, c = rng.normal(size=X), rng.normal(size=STATIC), *rng.normal(size=(2, *STATE))
    wx, b, ws, wh = blobs(it)
    cont = np.ones(CONT)
    _, tops = run(it, x, cont, static, h, c)
    for top, expected in zip(tops, lstm(x, cont, wx, b, wh, static, ws, h[0], c[0]), strict=True):
        assert_allclose(top.data.reshape(expected.shape), expected, atol=1e-5)


def test_the_next_batch_goes_on_where_this_one_ended(rng):
    it, whole = made(X, CONT), made((2 * T, N, D), (2 * T, N))
    x = rng.normal(size=(2 * T, N, D))
    cont = np.ones((2 * T, N))
    expected = whole.forward(x, cont)[0].copy()
    first = it.forward(x[:T], cont[:T])[0].copy()
    second = it.forward(x[T:], cont[T:])[0]
    assert_allclose(np.concatenate([first, second]), expected, atol=1e-6)


def test_a_batch_that_begins_sequences_forgets_the_one_before(rng):
    it, (a, x) = made(X, CONT), rng.normal(size=(2, *X))
    fresh = made(X, CONT).forward(x, BEGIN)[0].copy()
    it.forward(a, BEGIN)
    assert_array_equal(it.forward(x, BEGIN)[0], fresh)


def test_forget_bias_opens_the_forget_gate(rng):
    it, x = made(X, CONT, text="forget_bias: 1.5"), rng.normal(size=X)
    _, (y,) = run(it, x, BEGIN)
    assert_allclose(y.data, lstm(x, BEGIN, *blobs(it), forget_bias=1.5)[0], atol=1e-5)


@pytest.mark.parametrize("static", [False, True])
def test_gradient(static, rng):
    shapes = [X, CONT, STATIC][: 2 + static]
    it = made(*shapes)
    check_gradient(it, rng.normal(size=X), BEGIN, *([rng.normal(size=STATIC)] if static else []))


def test_gradient_of_first_states(rng):
    it = made(X, CONT, STATE, STATE, text="expose_hidden: true", tops=3)
    for weight in (1, 0):  # of the last states, which pass none on
        x, h, c = rng.normal(size=X), *rng.normal(size=(2, *STATE))
        it.forward(x, np.ones(CONT), h, c)
        ones = np.ones((T, N, H))
        diffs = [d.copy() for d in it.backward(ones, weight, weight) if d is not None]
        for bottom, diff in zip((0, 2, 3), diffs, strict=True):
            arrays = [x, np.ones(CONT), h, c]
            direction = rng.normal(size=arrays[bottom].shape)
            ends = []
            for sign in (1, -1):
                arrays[bottom] = [x, None, h, c][bottom] + sign * 1e-2 * direction
                ends.append(it.forward(*arrays)[0].sum(dtype="d"))
            assert_allclose((diff * direction).sum(), (ends[0] - ends[1]) / 2e-2, atol=1e-2)


def test_indicators_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match=r"expected continuation indicators of shape \(4, 3\)"):
        made(X, (T * N,))


def test_a_state_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"expected the first c of shape \(1, 3, 6\), found \(3, 6\)"):
        made(X, CONT, STATE, (N, H), text="expose_hidden: true", tops=3)


def test_a_static_input_of_other_sequences_is_refused():
    with pytest.raises(ShapeError, match=r"expected a static input of shape \(3, ...\), found \(4, 2\)"):
        made(X, CONT, (4, 2))


def test_states_without_expose_hidden_are_refused():
    with pytest.raises(NetError, match="takes 2 to 3 bottoms, found 4"):
        made(X, CONT, STATE, STATE)


def test_another_direction_is_refused():
    with pytest.raises(NetError, match="direction is not supported"):
        made(X, CONT, text='direction: "reverse"')
