"""CTCLoss by trying all paths: the mean of -log of the summed probability of those that spell the labels."""

import itertools

import numpy as np

from tests.naive.softmax import softmax


def spelled(path, blank):
    """Repeats are one, blanks none."""
    return [k for i, k in enumerate(path) if k != blank and (i == 0 or path[i - 1] != k)]


def ctc_loss(x, labels, blank, times=None):
    """x (T, N, C), labels: a list for each sequence."""
    T, N, C = x.shape
    total = 0.0
    for n in range(N):
        steps = T if times is None else times[n]
        p = softmax(x[:steps, n], 1)
        paths = itertools.product(range(C), repeat=steps)
        chances = [np.prod(p[range(steps), path]) for path in paths if spelled(path, blank) == list(labels[n])]
        total -= np.log(sum(chances)) if chances else 0
    return total / N
