"""The weights' gradient of a convolution of stride 1 with fewer products (winograd.py says how the outputs come about):

    y = A' (G w G' * B' x B) A      gives      dw = G' (sum over tiles of A dy A' * B' x B) G

For each of the n^2 planes the sum over tiles is a matrix product (C, tiles) x (tiles, K): the tile of conv_weights.py,
whose pixels are tiles here.  Of 9 products a pixel F(4 x 4, 3 x 3) leaves 2.25, of 25 F(2 x 2, 5 x 5) leaves 9.

    winograd.TRANSFORM    x  -> v[plane][C / W][tile][W]
    TRANSFORM             dy -> d[plane][K / W][tile][W]
    products              v, d -> sums, as conv_weights.weights leaves them; `collect` there adds them to dw

Bound: FMA throughput; for few tiles, and many channels, the way of v and d from L3.
"""

from functools import cache

from protonet.kernels.conv_weights import INPUTS, starts, tile
from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.memory import fill, stack
from protonet.kernels.pack_blocked import apply
from protonet.kernels.simd import BYTES, W
from protonet.kernels.winograd import padded
from protonet.kernels.winograd_forms import FORMS, POINTS, matrix, planes

X, V, D, S = "X", "V", "D", "S"


def evaluated(e, d):
    """A times the numbers d: the polynomial with these coefficients at all points, and its last one at infinity."""
    return lambda points: [*(value(e, d, p, points) for p in points), d[-1]]


def value(e, d, p, points):
    """At point p; even and odd powers apart, which its negative shares (LLVM finds them again)."""
    if p == 0:
        return d[0]
    if -p not in points:
        return apply(e, [[float(p**j) for j in range(len(d))]], d)[0]
    size = abs(p)
    even = apply(e, [[float(size**j) if j % 2 == 0 else 0 for j in range(len(d))]], d)[0]
    odd = apply(e, [[float(size**j) if j % 2 else 0 for j in range(len(d))]], d)[0]
    return e.b.fadd(even, odd) if p > 0 else e.b.fsub(even, odd)


def outputs(form):
    """An intrinsic: m x m gradients at y, yr bytes a row, to n x n planes at d, dp bytes apart."""
    m, n = form[0], sum(form) - 1
    points = POINTS[n]

    @intrinsic
    def outputs(e, y, yr, d, dp, scratch):
        b = e.b

        def row(_, c):
            at, to = c
            for j, v in enumerate(evaluated(e, [e.load(at, BYTES * j) for j in range(m)])(points)):
                e.store(v, to, BYTES * j)
            return [b.add(at, yr), e.at(to, BYTES * n)]

        def column(_, c):
            at, to = c
            for i, v in enumerate(evaluated(e, [e.load(at, BYTES * n * i) for i in range(m)])(points)):
                e.store(v, b.add(to, b.mul(dp, e.int(n * i))))
            return [e.at(at, BYTES), b.add(to, dp)]

        e.loop(e.int(m), [y, scratch], row)
        e.loop(e.int(n), [scratch, d], column)

    return outputs


def back(form, step):
    """An intrinsic: G' p G, of n x n vectors `step` bytes apart, to r x r at `to`, `way` bytes apart."""
    turned, (_, r) = matrix(form).T, form
    n = turned.shape[1]

    @intrinsic
    def back(e, p, to, way, scratch):
        def column(_, c):
            at, to = c
            for i, v in enumerate(apply(e, turned, [e.load(at, step * n * k) for k in range(n)])):
                e.store(v, to, BYTES * n * i)
            return [e.at(at, step), e.at(to, BYTES)]

        def row(_, c):
            at, to = c
            for v in apply(e, turned, [e.load(at, BYTES * k) for k in range(n)]):
                e.store(v, to)
                to = e.b.add(to, way)
            return [e.at(at, BYTES * n), to]

        e.loop(e.int(n), [p, scratch], column)
        e.loop(e.int(r), [scratch, to], row)

    return back


def make_transform(form):
    take, scratch, m = outputs(form), stack(planes(form) * BYTES), form[0]

    def gradient(
        dy: f32[X], d: f32[D], images: i64, down: i64, across: i64, tiles: i64, blocks: i64, yn: i64, yr: i64, yb: i64,
        begin, end,
    ):  # fmt: skip
        """d[plane][block][tile][W] <- A dy A'; beyond the map dy has zeros.  A task is a row of tiles of a block."""
        dp = padded(blocks * tiles * W)
        for task in range(begin, end):
            c = task // (images * down)
            line = task - c * images * down
            image = line // down
            i = line - image * down
            at = address(dy, image * yn + c * yb + i * m * yr)
            to = address(d, (c * tiles + line * across) * W)
            for j in range(across):
                take(at + j * 4 * m * W, 4 * yr, to + j * 4 * W, 4 * dp, scratch())

    gradient.__name__ = "gradient_{}_{}".format(*form)
    return kernel(gradient)


TRANSFORM = {form: make_transform(form) for form in FORMS}


def room(form, vectors):
    """Bytes of private memory for each part and side of a task."""
    return planes(form) * INPUTS * vectors * BYTES


@cache
def make(form, vectors):
    wide, zeros = tile(INPUTS, vectors), stack(vectors * BYTES)
    narrow = tile(INPUTS, vectors - 1) if vectors > 1 else wide
    step, planes_, places_ = INPUTS * vectors * BYTES, planes(form), form[1] ** 2
    give, scratch = back(form, step), stack(planes_ * BYTES)

    def products(
        v: f32[V], d: f32[D], sums: f32[S], blocks: i64, vecs: i64, parts: i64, sides: i64, tiles: i64,
        many: i64, much: i64, begin, end, memory,
    ):  # fmt: skip
        """sums[side][c * T + t][its vectors][W] <- G' (v' d) G.

        blocks, vecs: of v and of d.  parts: INPUTS channels each; sides: tiles that vecs are cut into, as in
        conv_weights.py.
        memory: room(form, vectors) for each part and side of a task, which is `many` parts of `much` sides.
        """
        vp, dp = 4 * padded(blocks * tiles * W), 4 * padded(vecs * tiles * W)
        bunches = (parts + many - 1) // many
        nothing, between = zeros(), scratch()
        fill(nothing, f32(0), vectors * W)
        for task in range(begin, end):
            low = task // bunches * much
            high = min(low + much, sides)
            first = (task - task // bunches * bunches) * many
            last = min(first + many, parts)
            for plane in range(planes_):
                to = memory + plane * step
                for side in range(low, high):
                    k = starts(side, sides, vecs)
                    wq = starts(side + 1, sides, vecs) - k
                    from_ = address(d, k * tiles * W) + plane * dp
                    for part in range(first, last):
                        c = part * INPUTS
                        at = address(v, c // W * tiles * W + c % W) + plane * vp
                        if wq == vectors:
                            wide(
                                at, 0, 0, BYTES, from_, 0, 0, 4 * W * tiles, 1, 1, tiles, nothing, 0, to, wq * BYTES, 0
                            )
                        else:
                            narrow(
                                at, 0, 0, BYTES, from_, 0, 0, 4 * W * tiles, 1, 1, tiles, nothing, 0, to, wq * BYTES, 0
                            )
                        to += planes_ * step
            from_ = memory
            for side in range(low, high):
                k = starts(side, sides, vecs)
                wq = starts(side + 1, sides, vecs) - k
                for part in range(first, last):
                    out = address(sums, (k * parts + part * wq) * INPUTS * places_ * W)
                    for i in range(INPUTS):
                        for q in range(wq):
                            to = out + (i * places_ * wq + q) * BYTES
                            give(from_ + (i * wq + q) * BYTES, to, wq * BYTES, between)
                    from_ += planes_ * step

    products.__name__ = "products_{}_{}_".format(*form) + str(vectors)
    return kernel(products)


def products(form, vecs, sides):
    """The kernel of a form (m, r) for so many vectors of outputs."""
    return make(form, -(-vecs // sides))


def named(wanted):
    """The kernel of this name, for processes that compile."""
    m, r, vectors = map(int, wanted.split("_")[-3:])
    return make((m, r), vectors)
