"""MarginInnerProduct in numpy, one vector at a time; angles as angles."""

import numpy as np


def psi(angle, m):
    """The cosine of m times an angle, going on down where it would rise again."""
    k = np.floor(angle * m / np.pi)
    return (-1) ** k * np.cos(m * angle) - 2 * k


def margin_inner_product(x, label, w, m, rate):
    w = w / np.linalg.norm(w, axis=1, keepdims=True)
    y = x @ w.T
    for row, k, vector in zip(y, label, x, strict=True):
        if m > 1:
            norm = np.linalg.norm(vector)
            row[k] = (norm * psi(np.arccos(row[k] / norm), m) + rate * row[k]) / (1 + rate)
    return y
