"""MVN in numpy."""


def mvn(x, variance=True, across=False, eps=1e-9):
    axes = tuple(range(1 if across else 2, x.ndim))
    y = x - x.mean(axes, keepdims=True)
    return y / (x.std(axes, keepdims=True) + eps) if variance else y
