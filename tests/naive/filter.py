"""Filter in numpy."""


def filter(xs, selector):
    return [x[selector.ravel() != 0] for x in xs]
