"""Weights as the kernels read them: vectors of W outputs, in the order in which a tile walks its inputs."""

import numpy as np

from protonet.kernels import winograd_forms
from protonet.kernels.simd import W


def up(n, to=W):
    return -(-n // to) * to


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


def filled(w, lanes=W, groups=1):
    """(K, C, ...) with K and C of each group filled up with zeros to multiples of W and lanes: (G, K', C', ...)."""
    K, C, *window = w.shape
    parts = w.reshape(groups, K // groups, C, *window)
    out = np.zeros((groups, up(K // groups), up(C, lanes), *window), np.float32)
    out[:, : K // groups, :C] = parts
    return out


def direct(w, lanes=W, groups=1):
    """(K, C, kh, kw) -> [K / W][C / lanes][kh * kw][lanes in][W out]."""
    w = filled(w, lanes, groups)
    w = w.reshape(-1, W, w.shape[2] // lanes, lanes, w.shape[3] * w.shape[4])
    return w.transpose(0, 2, 4, 3, 1)


def depthwise(w):
    """(C, 1, kh, kw) -> [C / W][kh * kw][W]."""
    C = w.shape[0]
    out = np.zeros((up(C), w.shape[2] * w.shape[3]), np.float32)
    out[:C] = w.reshape(C, -1)
    return out.reshape(-1, W, out.shape[1]).transpose(0, 2, 1)


def transformed(w, form, groups=1):
    """(K, C, r, r) -> [K / W][planes][C / W][W in][W out]."""
    w = filled(w, groups=groups)
    w = w.reshape(-1, w.shape[2], w.shape[3] * w.shape[4])
    G = winograd_forms.matrix(form)
    both = np.kron(G, G)  # G w G' as one product, in float64
    out = np.empty((w.shape[0] // W, len(G) ** 2, w.shape[1] // W, W, W), np.float32)
    for block, some in zip(out, w.reshape(-1, W, *w.shape[1:]), strict=True):
        taps = some.transpose(2, 1, 0).astype(np.float64, order="C").reshape(w.shape[2], -1)
        block.reshape(len(both), -1)[...] = both @ taps
    return out


def matrix(w, lanes, places):
    """(K, D) -> as a convolution whose window is all of `places` places."""
    return direct(w.reshape(len(w), -1, places, 1), lanes)
