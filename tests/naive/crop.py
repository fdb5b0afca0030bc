"""Crop in numpy."""


def crop(x, shape, offsets):
    return x[tuple(slice(o, o + n) for o, n in zip(offsets, shape, strict=True))]
