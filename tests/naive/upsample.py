"""Upsample in numpy: each number repeated."""


def upsample(x, high, wide):
    return x.repeat(high, 2).repeat(wide, 3)
