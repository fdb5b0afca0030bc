"""Padding in numpy."""

import numpy as np


def padding(x, beg, end):
    x = np.pad(x, ((0, 0), (0, 0), *[(max(beg, 0), max(end, 0))] * 2))
    rows = slice(max(-beg, 0), x.shape[2] - max(-end, 0)), slice(max(-beg, 0), x.shape[3] - max(-end, 0))
    return x[(slice(None), slice(None), *rows)]
