"""RNN in numpy: one time after the other."""

import numpy as np


def rnn(x, cont, wx, b, wh, wo, bo, static=None, ws=None, h=None):
    """(y, last h) of x (T, N, D)."""
    T, N = x.shape[:2]
    h = np.zeros((N, len(wh))) if h is None else h
    y = np.zeros((T, N, len(wo)))
    for t in range(T):
        z = x[t].reshape(N, -1) @ wx.T + b + (cont[t][:, None] * h) @ wh.T
        h = np.tanh(z if static is None else z + static.reshape(N, -1) @ ws.T)
        y[t] = np.tanh(h @ wo.T + bo)
    return y, h
