"""ConvolutionDepthwise in numpy: one window at a time; output k belongs to channel k // (K / C)."""

import numpy as np


def convolution_depthwise(x, w, b=0.0, stride=1, pad=0, dilation=1):
    """x (N, C, H, W), w (K, 1, kh, kw)."""
    (N, C), (K, _, kh, kw) = x.shape[:2], w.shape
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    eh, ew = dilation * (kh - 1) + 1, dilation * (kw - 1) + 1
    y = np.zeros((N, K, (x.shape[2] - eh) // stride + 1, (x.shape[3] - ew) // stride + 1))
    for k, i, j in np.ndindex(*y.shape[1:]):
        top, left = i * stride, j * stride
        window = x[:, k // (K // C), top : top + eh : dilation, left : left + ew : dilation]
        y[:, k, i, j] = (window * w[k, 0]).sum((1, 2)) + np.broadcast_to(b, K)[k]
    return y
