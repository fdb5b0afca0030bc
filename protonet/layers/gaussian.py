"""Gaussian: a filter that adds up what lies near in some space of features, on a lattice (kernels/lattice.py).

    filtered = Gaussian(features)          # (P, D): a distance of 1 is one standard deviation
    y = filtered(x)                        # (P, C) -> (P, C);  filtered(dy, back=True) is its adjoint

Not normalised: filtered(ones) is what each point has around it.
"""

import numpy as np

from protonet.errors import DataError
from protonet.kernels import lattice
from protonet.runtime.call import call

FARTHEST = 1e6  # corners' numbers are int32, with room for their neighbours


class Gaussian:
    def __init__(self, features):
        x = np.ascontiguousarray(features, np.float32)
        (P, D), V = x.shape, x.shape[1] + 1
        if not (np.abs(x) < FARTHEST).all():
            raise DataError("features of a filter must be numbers, none as far as a million deviations from 0")
        d = np.arange(D)
        scale = (V * np.sqrt(2 / 3) / np.sqrt((d + 1) * (d + 2))).astype(np.float32)
        base, rank, self.corner = (np.empty((P, V), np.int32) for _ in range(3))
        self.weight, plane = np.empty((P, V), np.float32), np.empty((P, V), np.float32)
        call(lattice.place, x, scale, base, rank, self.weight, plane, tasks=lattice.tasks(P))
        keys, table = np.empty((P * V, D), np.int32), np.empty(max(1, 2 * P * V), np.int32)
        count, key = np.zeros(1, np.int64), np.empty((1, D), np.int32)
        call(lattice.enter, base, rank, keys, table, self.corner, count, key)
        M = int(count[0])
        self.near = np.empty((V, M, 2), np.int32)
        call(lattice.neighbours, keys[:M], table, self.near, key)
        self.scale = 1 / (1 + 2.0**-D)

    def __call__(self, x, back=False):
        x = np.ascontiguousarray(x, np.float32)
        V, M, _ = self.near.shape
        values, other = (np.empty((M + 1, x.shape[1]), np.float32) for _ in range(2))
        call(lattice.splat, x, self.corner, self.weight, values)
        for v in reversed(range(V)) if back else range(V):
            call(lattice.blur, values, self.near[v], other, tasks=lattice.tasks(M))
            values, other = other, values
        y = np.empty_like(x)
        call(lattice.read, values, self.corner, self.weight, y, self.scale, tasks=lattice.tasks(len(x)))
        return y
