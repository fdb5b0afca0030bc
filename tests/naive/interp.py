"""Interp in numpy."""

from tests.naive.bilinear_interpolate import bilinear_interpolate


def interp(x, size, cut=(0, 0)):
    return bilinear_interpolate(x[:, :, cut[0] : x.shape[2] - cut[1], cut[0] : x.shape[3] - cut[1]], size)
