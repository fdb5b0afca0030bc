"""LSTMUnit in numpy: one number of the state at a time."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_unit(c, x, cont, forget_bias=0.0):
    """c (N, H), x (N, 4 H), cont (N): the next c and h."""
    c_next, h_next = np.zeros(c.shape), np.zeros(c.shape)
    for n, k in np.ndindex(*c.shape):
        i, f, o, g = x[n].reshape(4, -1)[:, k]
        c_next[n, k] = cont[n] * sigmoid(f + forget_bias) * c[n, k] + sigmoid(i) * np.tanh(g)
        h_next[n, k] = sigmoid(o) * np.tanh(c_next[n, k])
    return c_next, h_next
