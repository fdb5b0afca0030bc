"""Input in numpy: what it is given."""


def input(*xs):
    return list(xs)
