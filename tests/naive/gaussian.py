"""A filter on the permutohedral lattice in plain Python: corners in a dict, one point at a time."""

import math
from collections import defaultdict


def simplex(x):
    """[(corner, weight)] of a point of D features: corners are V whole numbers that sum to 0."""
    D = len(x)
    V = D + 1
    scaled = [v * V * math.sqrt(2 / 3) / math.sqrt((d + 1) * (d + 2)) for d, v in enumerate(x)]
    plane = [sum(scaled[max(d, 0) :]) - (d * scaled[d - 1] if d else 0) for d in range(V)]
    base = [round(v / V) * V for v in plane]
    rest = [p - b for p, b in zip(plane, base, strict=True)]
    rank = [sum(rest[e] > rest[d] or (e < d and rest[e] == rest[d]) for e in range(V)) for d in range(V)]
    off = sum(base) // V
    for d in range(V):
        rank[d] += off
        by = V if rank[d] < 0 else -V if rank[d] >= V else 0
        rank[d] += by
        base[d] += by
    rest = sorted(((p - b) / V for p, b in zip(plane, base, strict=True)), reverse=True)
    weights = [1 + rest[-1] - rest[0]] + [rest[V - 1 - v] - rest[V - v] for v in range(1, V)]
    corners = [tuple(b + (v if r < V - v else v - V) for b, r in zip(base, rank, strict=True)) for v in range(V)]
    return list(zip(corners, weights, strict=True))


def gaussian(features, x):
    """x: a list of numbers, one a point."""
    D = len(features[0])
    V = D + 1
    found = [simplex(f) for f in features]
    values = defaultdict(float)
    for each, v in zip(found, x, strict=True):
        for corner, w in each:
            values[corner] += w * v
    for axis in range(V):
        before = dict(values)
        for corner in before:
            beside = [tuple(c + way * (1 - V if d == axis else 1) for d, c in enumerate(corner)) for way in (1, -1)]
            values[corner] = before[corner] + sum(before.get(other, 0) for other in beside) / 2
    return [sum(w * values[corner] for corner, w in each) / (1 + 2.0**-D) for each in found]
