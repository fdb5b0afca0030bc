"""Weights as the kernels read them: vectors of W outputs, in the order in which a tile walks its inputs."""

import numpy as np

from protonet.kernels import winograd_forms
from protonet.kernels.simd import W


def up(n):
    return -(-n // W) * W


def vector(values, size, fill=0.0):
    """One number per output, filled up."""
    result = np.full(size, fill, np.float32)
    result[: np.size(values)] = values
    return result


def merged(w, groups, times):
    """Weights (K, C / G, ...) of so many groups as those of groups / times: block-diagonal, zeros elsewhere."""
    K, C, *window = w.shape
    out = np.zeros((groups, K // groups, times, C, *window), w.dtype)
    parts = w.reshape(groups, K // groups, C, *window)
    for g in range(groups):
        out[g, :, g % times] = parts[g]
    return out.reshape(K, times * C, *window)


def filled(w, groups=1):
    """(K, C, ...) with K and C of each group filled up with zeros to multiples of W: (G, K', C', ...)."""
    K, C, *window = w.shape
    parts = w.reshape(groups, K // groups, C, *window)
    out = np.zeros((groups, up(K // groups), up(C), *window), np.float32)
    out[:, : K // groups, :C] = parts
    return out


def direct(w, groups=1):
    """(K, C, kh, kw) -> [K / W][C / W][kh * kw][W in][W out]."""
    w = filled(w, groups)
    w = w.reshape(-1, W, w.shape[2] // W, W, w.shape[3] * w.shape[4])
    return w.transpose(0, 2, 4, 3, 1)


def pixels(w):
    """(K, C, kh, kw) -> [K / W][kh * kw][C][W out]."""
    K, C, kh, kw = w.shape
    out = np.zeros((up(K), C, kh * kw), np.float32)
    out[:K] = w.reshape(K, C, -1)
    return out.reshape(-1, W, C, kh * kw).transpose(0, 3, 2, 1)


def depthwise(w):
    """(C, 1, kh, kw) -> [C / W][kh * kw][W]."""
    C = w.shape[0]
    out = np.zeros((up(C), w.shape[2] * w.shape[3]), np.float32)
    out[:C] = w.reshape(C, -1)
    return out.reshape(-1, W, out.shape[1]).transpose(0, 2, 1)


def transformed(w, m):
    """(K, C, 3, 3) -> [K / W][planes][C / W][W in][W out]."""
    (w,) = filled(w)
    u = winograd_forms.weights(w, m).astype(np.float32)
    return u.reshape(w.shape[0] // W, W, w.shape[1] // W, W, -1).transpose(0, 4, 2, 3, 1)


def matrix(w, blocks, places):
    """(K, D) -> [K / W][D' / W][W in][W out], for inputs that lie as blocks of channels over `places` places."""
    K, D = w.shape
    out = np.zeros((up(K), up(D // places), places), np.float32)
    out[:K, : D // places] = w.reshape(K, -1, places)
    return out.reshape(-1, W, blocks, W, places).transpose(0, 2, 4, 3, 1)


def rows(w):
    """(K, D) -> [K / W][D][W out]."""
    K, D = w.shape
    out = np.zeros((up(K), D), np.float32)
    out[:K] = w
    return out.reshape(-1, W, D).transpose(0, 2, 1)
