"""Scale in numpy: factors spread over x from an axis on."""


def spread(a, x, axis=1):
    before = axis % x.ndim if a.ndim else 0
    return a.reshape((1,) * before + a.shape + (1,) * (x.ndim - a.ndim - before))


def scale(x, gamma, beta=None, axis=1):
    y = x * spread(gamma, x, axis)
    return y if beta is None else y + spread(beta, x, axis)
