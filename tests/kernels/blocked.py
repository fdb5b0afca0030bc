"""Blocked arrays for tests: plain (N, C, H, W) to blocks of vectors with a halo, and back."""

import numpy as np

from protonet.kernels.simd import W

SLACK = 64 * W


def blocked(x, halo=0):
    """[N][C / W][H + 2 halo][V + 2 halo][W] in one flat array, zeros elsewhere; and (image, row, block) in floats."""
    N, C, H, V = x.shape
    blocks = -(-C // W)
    full = np.zeros((N, blocks * W, H + 2 * halo, V + 2 * halo), np.float32)
    full[:, :C, halo : halo + H, halo : halo + V] = x
    full = full.reshape(N, blocks, W, *full.shape[2:]).transpose(0, 1, 3, 4, 2)
    row, block = full.shape[3] * W, full.shape[2] * full.shape[3] * W
    flat = np.zeros(full.size + SLACK, np.float32)
    flat[: full.size] = full.reshape(-1)
    return flat, (blocks * block, row, block)


def empty(N, C, H, V):
    """A blocked array to be written, and its strides."""
    flat, strides = blocked(np.zeros((N, C, H, V), np.float32))
    flat[:-SLACK] = np.nan
    return flat, strides


def plain(flat, N, C, H, V):
    """The way back, of a blocked array without a halo."""
    blocks = -(-C // W)
    full = flat[: N * blocks * H * V * W].reshape(N, blocks, H, V, W)
    return full.transpose(0, 1, 4, 2, 3).reshape(N, blocks * W, H, V)[:, :C]


def convolved(x, w, bias, stride=1, groups=1):
    """A convolution without padding, in float64."""
    N, _, H, V = x.shape
    K, c, kh, kw = w.shape
    OH, OV = (H - kh) // stride + 1, (V - kw) // stride + 1
    y = np.zeros((N, K, OH, OV))
    for g in range(groups):
        ks, cs = slice(g * K // groups, (g + 1) * K // groups), slice(g * c, (g + 1) * c)
        for i in range(kh):
            for j in range(kw):
                seen = x[:, cs, i : i + stride * OH : stride, j : j + stride * OV : stride].astype(np.float64)
                y[:, ks] += np.einsum("kc,nchw->nkhw", w[ks, :, i, j].astype(np.float64), seen)
    return y + bias.reshape(-1, 1, 1)
