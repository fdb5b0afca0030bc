"""Power in numpy."""


def power(x, power=1.0, scale=1.0, shift=0.0):
    return (shift + scale * x) ** power
