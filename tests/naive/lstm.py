"""LSTM in numpy: one time after the other."""

import numpy as np

from tests.naive.lstm_unit import lstm_unit


def lstm(x, cont, wx, b, wh, static=None, ws=None, h=None, c=None, forget_bias=0.0):
    """(y, last h, last c) of x (T, N, D)."""
    T, N = x.shape[:2]
    H = wh.shape[1]
    h, c = (np.zeros((N, H)) if s is None else s for s in (h, c))
    y = np.zeros((T, N, H))
    for t in range(T):
        z = x[t].reshape(N, -1) @ wx.T + b + (cont[t][:, None] * h) @ wh.T
        if static is not None:
            z = z + static.reshape(N, -1) @ ws.T
        c, h = lstm_unit(c, z, cont[t], forget_bias)
        y[t] = h
    return y, h, c
