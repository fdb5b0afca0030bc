"""LabelSpecificAdd in numpy."""

import numpy as np


def label_specific_add(x, label, bias):
    y = np.array(x)
    for n, k in enumerate(np.asarray(label, int)):
        if y[n, k] > -bias:
            y[n, k] += bias
    return y
