"""Gaussian filters of many dimensions on the permutohedral lattice: P points of D features, V = D + 1 corners each.

The lattice is A_D: the points of V whole numbers that sum to 0 and are alike modulo V; a point of the plane lies in a
simplex of V of them.  Values are spread over the corners of each point's simplex (splat), blurred along the V axes by
(1/2, 1, 1/2), and read at the corners (read).  Only corners that some point has are there: M of them, entered in a hash
table by the first D of their numbers, in the order in which they are met.  Rows of values begin with one of zeros, for
neighbours that are not there.  Adams, Baek, Davis: Fast High-Dimensional Filtering Using the Permutohedral Lattice.
"""

from protonet.kernels.bits import floor
from protonet.kernels.jit import f32, i32, i64, inline, kernel

P, D, V, M, T, C, R = "P", "D", "V", "M", "T", "C", "R"
FACTOR = 2654435761
CHUNK = 1024  # points a task


def tasks(n):
    return max(1, -(-n // CHUNK))


@kernel(out="base rank weight plane")
def place(
    x: f32[P, D], scale: f32[D], base: i32[P, V], rank: i32[P, V], weight: f32[P, V], plane: f32[P, V], begin, end
):  # fmt: skip
    """The simplex of each point: its corner 0, the order of its remainders, and how much of the point each corner has.

    scale[d] is what brings feature d to the lattice; plane is scratch, the point in the plane.
    """
    V = base.shape[1]
    for p in range(begin * CHUNK, min(end * CHUNK, x.shape[0])):
        total = f32(0)
        for d in range(V - 1, 0, -1):
            v = x[p, d - 1] * scale[d - 1]
            plane[p, d] = total - f32(d) * v
            total += v
        plane[p, 0] = total
        left = 0
        for d in range(V):
            v = plane[p, d] / f32(V)
            low = floor(v)
            nearest = low if v - low < 0.5 or (v - low == 0.5 and i64(low) % 2 == 0) else low + 1.0
            base[p, d], rank[p, d], weight[p, d] = i32(i64(nearest) * V), i32(0), f32(0)
            left += i64(nearest)
        for d in range(V):
            mine = plane[p, d] - f32(base[p, d])
            for e in range(d + 1, V):
                if mine < plane[p, e] - f32(base[p, e]):
                    rank[p, d] += i32(1)
                else:
                    rank[p, e] += i32(1)
        for d in range(V):  # a point whose nearest corner is off the plane is brought back
            to = i64(rank[p, d]) + left
            by = V if to < 0 else -V if to >= V else 0
            rank[p, d] = i32(to + by)
            base[p, d] += i32(by)
        last = f32(0)
        for d in range(V):
            v = (plane[p, d] - f32(base[p, d])) / f32(V)
            at = V - 1 - i64(rank[p, d])
            weight[p, at] += v
            if at + 1 < V:
                weight[p, at + 1] -= v
            else:
                last -= v
        weight[p, 0] += 1.0 + last


@inline
def spot(key, keys, row, table):
    """(place in the table, whether it is there) of a key: key[row], or one shifted; linear probing."""
    D, T = keys.shape[1], table.shape[0]
    h = i64(0)
    for d in range(D):
        h = (h + i64(key[row, d])) * FACTOR % 4294967296
    at = (h ^ (h >> 15)) % T
    while table[at] >= 0:
        m, same = i64(table[at]), True
        for d in range(D):
            if keys[m, d] != key[row, d]:
                same = False
        if same:
            return at, True
        at = at + 1 if at + 1 < T else 0
    return at, False


@kernel(out="keys table corner count key")
def enter(
    base: i32[P, V], rank: i32[P, V], keys: i32[M, D], table: i32[T], corner: i32[P, V], count: i64[1], key: i32[1, D],
    begin, end,
):  # fmt: skip
    """corner[p, v] <- the number of that corner, from 1; keys, count <- all there are: P * V at most.  One task."""
    P, V = base.shape
    M = 0
    for t in range(table.shape[0]):
        table[t] = i32(-1)
    for p in range(P):
        for v in range(V):
            for d in range(V - 1):
                key[0, d] = base[p, d] + i32(v if i64(rank[p, d]) < V - v else v - V)
            at, there = spot(key, keys, 0, table)
            if not there:
                for d in range(V - 1):
                    keys[M, d] = key[0, d]
                table[at] = i32(M)
                M += 1
            corner[p, v] = table[at] + i32(1)
    count[0] = M


@kernel(out="near key")
def neighbours(keys: i32[M, D], table: i32[T], near: i32[V, M, 2], key: i32[1, D], begin, end):
    """near[v, m] <- the two corners next to m along axis v, from 1; 0 where there is none.  One task."""
    V, M, _ = near.shape
    for v in range(V):
        for m in range(M):
            for side in range(2):
                way = 2 * side - 1
                for d in range(V - 1):
                    key[0, d] = keys[m, d] + i32(way if d != v else -way * (V - 1))
                at, there = spot(key, keys, 0, table)
                near[v, m, side] = table[at] + i32(1) if there else i32(0)


@kernel(out="values")
def splat(x: f32[P, C], corner: i32[P, V], weight: f32[P, V], values: f32[R, C], begin, end):
    """values[corner[p, v]] <- the sum of weight[p, v] * x[p].  One task."""
    for r in range(values.shape[0]):
        for c in range(values.shape[1]):
            values[r, c] = 0.0
    for p in range(x.shape[0]):
        for v in range(corner.shape[1]):
            at, w = i64(corner[p, v]), weight[p, v]
            for c in range(x.shape[1]):
                values[at, c] += w * x[p, c]


@kernel(out="y")
def blur(x: f32[R, C], near: i32[M, 2], y: f32[R, C], begin, end):
    """y <- x and half of its two neighbours along one axis; row 0 stays 0."""
    for c in range(x.shape[1]):
        if begin == 0:
            y[0, c] = 0.0
    for m in range(begin * CHUNK, min(end * CHUNK, near.shape[0])):
        low, high = i64(near[m, 0]), i64(near[m, 1])
        for c in range(x.shape[1]):
            y[m + 1, c] = x[m + 1, c] + 0.5 * (x[low, c] + x[high, c])


@kernel(out="y")
def read(values: f32[R, C], corner: i32[P, V], weight: f32[P, V], y: f32[P, C], scale: f32, begin, end):
    """y[p] <- scale * the sum of weight[p, v] * values[corner[p, v]]."""
    for p in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        for c in range(y.shape[1]):
            y[p, c] = 0.0
        for v in range(corner.shape[1]):
            at, w = i64(corner[p, v]), weight[p, v] * scale
            for c in range(y.shape[1]):
                y[p, c] += w * values[at, c]
