"""Winograd: convolutions of stride 1 with fewer products, on blocked activations (conv_blocked.py).

    y = A' [(G w G') * (B' x B)] A        arXiv:1509.09308, for tiles of m x m outputs and windows of r x r

The product * sums over channels: n^2 matrix products ("planes") of tiles x C x K, n = m + r - 1.  Of 9 products an
output for r = 3, m = 4 leaves 2.25, m = 2 leaves 4; of 25 for r = 5, m = 2 leaves 9.

Bound: FMA throughput in the products, while the transformed weights (n^2 / r^2 of the weights) come quickly:
    few tiles    `transform` all inputs first; then each task of `product` reads its weights once, for all tiles;
    many tiles   `fused` takes a block of them through all stages in the thread's own memory, which stays in L2.
Weights: [K / W][planes][C / W][W in][W out].
"""

from functools import cache

from protonet.kernels.conv_blocked import AHEAD, BELOW, LINE, multiplied
from protonet.kernels.jit import address, f32, i64, inline, intrinsic, kernel
from protonet.kernels.memory import stack
from protonet.kernels.simd import BYTES, W
from protonet.kernels.winograd_forms import FORMS, inputs, outputs, planes

X, V, U, B, R, Y = "X", "V", "U", "B", "R", "Y"
PAIR = 2


def gemm(tiles, vectors):
    """An intrinsic: `tiles` tiles x `vectors` vectors of channels of one plane.  Distances in bytes, to the next ...

    vb: block of channels; uv: weights of the next vector of outputs; pv: the sums of it.  ahead: the next weights.
    Of the last block only those channels count that there are, up to a whole PAIR.
    """
    each, lines = [(t, v) for t in range(tiles) for v in range(vectors)], fetched(tiles, vectors)

    @intrinsic
    def gemm(e, v, vb, channels, u, uv, ahead, p, pv):
        def block(_, c):
            at, u, ahead, *acc = c
            for k in range(vectors):
                for line in range(lines // vectors):
                    e.prefetch(e.b.add(ahead, e.b.mul(uv, e.int(k))), LINE * line, locality=2)
            acc = multiplied(e, acc, at, u, uv, each, W, W)
            return [e.b.add(at, vb), e.at(u, BYTES * W), e.at(ahead, LINE * lines // vectors), *acc]

        def pair(_, c):
            at, u, *acc = c
            return [e.at(at, 4 * PAIR), e.at(u, BYTES * PAIR), *multiplied(e, acc, at, u, uv, each, PAIR, W)]

        whole = e.b.udiv(channels, e.int(W))
        rest = e.b.sub(channels, e.b.mul(whole, e.int(W)))
        at, u, _, *sums = e.loop(whole, [v, u, ahead, *(e.const(0) for _ in each)], block)
        with e.b.if_else(e.b.icmp_signed("==", rest, e.int(0))) as (done, more):
            with done:
                put(e, sums, p, pv)
            with more:
                _, _, *sums = e.loop(e.b.udiv(e.at(rest, PAIR - 1), e.int(PAIR)), [at, u, *sums], pair)
                put(e, sums, p, pv)

    def put(e, sums, p, pv):
        for total, (t, k) in zip(sums, each, strict=True):
            e.store(total, e.b.add(p, e.b.mul(pv, e.int(k))), BYTES * t)

    return gemm


def fetched(tiles, vectors):
    """Lines of the next plane's weights to fetch for a block of channels: all at once where there is but one tile."""
    return vectors * max(1, W * BYTES // LINE // (1 if tiles >= 16 else AHEAD))


@inline
def padded(n):
    """Floats between planes: never a multiple of 4096 bytes, or all would fall in one set of the L1 cache."""
    return n + 16 if n % 1024 == 0 else n


def room(form, tiles, count):
    """Floats for `count` blocks of channels of all planes of so many tiles."""
    return planes(form) * padded.function(tiles * count * W)


def make_transform(form):
    take, scratch, m = inputs(form), stack(planes(form) * BYTES), form[0]

    def transform(
        x: f32[X], v: f32[V], images: i64, down: i64, across: i64, tiles: i64, blocks: i64, xn: i64, xr: i64, xb: i64,
        begin, end,
    ):  # fmt: skip
        """v[plane][block][tile][W] <- B' x B; a task is a row of tiles of a block.  tiles: with those that fill up."""
        vp = padded(blocks * tiles * W)
        for task in range(begin, end):
            c = task // (images * down)
            line = task - c * images * down
            image = line // down
            i = line - image * down
            at = address(x, image * xn + c * xb + i * m * xr)
            to = address(v, (c * tiles + line * across) * W)
            for j in range(across):
                take(at + j * 4 * m * W, 4 * xr, to + j * 4 * W, 4 * vp, scratch())

    transform.__name__ = "transform_{}_{}".format(*form)
    return kernel(transform)


TRANSFORM = {form: make_transform(form) for form in FORMS}


def make_stages(form, tiles, vectors, act):
    """Inline: products and outputs of tiles [t0, t1), for `full` vectors of channels or for one.  last: what weights
    to fetch at the end.
    """
    wide, narrow, give, count = gemm(tiles, vectors), gemm(tiles, 1), outputs(form, act), planes(form)
    m = form[0]
    reach, scratch = LINE * fetched(tiles, vectors) // vectors, stack(count * BYTES)

    @inline
    def stages(
        v, vb, vp, u, last, channels, full, t0, t1, memory, bias, slope, r, y,
        down, across, rows, columns, yn, yr, yb, rn, rr, rb, lo, hi,
    ):  # fmt: skip
        pv = (t1 - t0 + tiles - 1) // tiles * tiles * W * 4
        size = (channels + W - 1) // W * W * W * 4
        ks = vectors if full else 1
        pp = 4 * padded(vectors * pv // 4)
        for plane in range(count):
            t, ahead = i64(0), i64(0)
            next_ = u + (plane + 1) * size if plane < count - 1 else last
            while t < t1 - t0:
                at, to = v + plane * vp + t * W * 4, memory + plane * pp + t * W * 4
                if full:
                    wide(at, vb, channels, u + plane * size, count * size, next_ + ahead, to, pv)
                else:
                    narrow(at, vb, channels, u + plane * size, count * size, next_ + ahead, to, pv)
                t += tiles
                ahead += reach * (channels // W)
                if ahead >= size:
                    ahead = 0
        for k in range(ks):
            for t in range(t0, t1):
                line = t // across
                j = (t - line * across) * m
                image = line // down
                i = (line - image * down) * m
                to = y + 4 * (k * yb + image * yn + i * yr + j * W)
                old = r + 4 * (k * rb + image * rn + i * rr + j * W) if r != 0 else r
                at = memory + k * pv + (t - t0) * W * 4
                give(
                    at, pp, bias + k * W * 4, slope + k * W * 4, old, 4 * rr, to, 4 * yr,
                    rows - i, columns - j, lo, hi, scratch(),
                )  # fmt: skip

    return stages


@cache
def make_product(form, tiles, vectors, act):
    stages = make_stages(form, tiles, vectors, act)

    def product(
        v: f32[V], u: f32[U], bias: f32[B], slope: f32[B], r: f32[R], y: f32[Y], following: f32[1], piece: i64,
        vecs: i64, channels: i64, images: i64, down: i64, across: i64, rows: i64, columns: i64,
        yn: i64, yr: i64, yb: i64, rn: i64, rr: i64, rb: i64, add: i64, lo: f32, hi: f32, begin, end, memory,
    ):  # fmt: skip
        """y <- activation(A' (u * v) A + bias + r); a task is `vectors` vectors of channels of `piece` tiles.

        down, across: tiles of an image, in columns and rows.  memory: room(form, piece, vectors).
        """
        all_, blocks = images * down * across, (channels + W - 1) // W
        pieces = (all_ + piece - 1) // piece
        vb = (all_ + tiles - 1) // tiles * tiles * W * 4
        vp, size = 4 * padded(blocks * vb // 4), blocks * planes_ * W * W
        for task in range(begin, end):
            k = task // pieces
            t0 = (task - k * pieces) * piece
            k *= vectors
            if t0 + piece < all_:
                last = address(u, k * size)
            elif k + vectors < vecs:
                last = address(u, (k + vectors) * size)
            else:
                last = address(following, 0)
            stages(
                address(v, t0 * W), vb, vp, address(u, k * size), last, channels, vecs - k >= vectors,
                t0, min(t0 + piece, all_),
                memory, address(bias, k * W), address(slope, k * W), address(r, k * rb) * add, address(y, k * yb),
                down, across, rows, columns, yn, yr, yb, rn, rr, rb, lo, hi,
            )  # fmt: skip

    planes_ = planes(form)
    product.__name__ = "product_{}_{}_".format(*form) + f"{tiles}_{vectors}_{act}"
    return kernel(product, out="y", y="r")


@cache
def make_fused(form, tiles, vectors, act):
    stages, take, planes_ = make_stages(form, tiles, vectors, act), inputs(form), planes(form)
    m, scratch = form[0], stack(planes_ * BYTES)

    def fused(
        x: f32[X], u: f32[U], bias: f32[B], slope: f32[B], r: f32[R], y: f32[Y], following: f32[1], block: i64,
        vecs: i64, channels: i64, images: i64, down: i64, across: i64, rows: i64, columns: i64,
        xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, rn: i64, rr: i64, rb: i64, add: i64, lo: f32, hi: f32,
        begin, end, memory,
    ):  # fmt: skip
        """The same in one step; a task is `block` tiles.  memory: for a block's inputs, and for `vectors` outputs."""
        all_, blocks = images * down * across, (channels + W - 1) // W
        vb = block * W * 4
        vp = 4 * padded(blocks * block * W)
        after, size = memory + planes_ * vp, blocks * planes_ * W * W
        for task in range(begin, end):
            t0 = task * block
            t1 = min(t0 + block, all_)
            for c in range(blocks):
                for t in range(t0, t1):
                    line = t // across
                    j = (t - line * across) * m
                    image = line // down
                    i = (line - image * down) * m
                    at = address(x, image * xn + c * xb + i * xr + j * W)
                    take(at, 4 * xr, memory + c * vb + (t - t0) * W * 4, vp, scratch())
            k = i64(0)
            while k < vecs:
                if k + vectors < vecs:
                    last = address(u, (k + vectors) * size)
                else:
                    last = address(u, 0) if t1 < all_ else address(following, 0)
                stages(
                    memory, vb, vp, address(u, k * size), last, channels, vecs - k >= vectors, t0, t1,
                    after, address(bias, k * W), address(slope, k * W), address(r, k * rb) * add, address(y, k * yb),
                    down, across, rows, columns, yn, yr, yb, rn, rr, rb, lo, hi,
                )  # fmt: skip
                k += vectors

    fused.__name__ = "fused_{}_{}_".format(*form) + f"{tiles}_{vectors}_{act}"
    return kernel(fused, out="y", y="r")


MAKERS = {"product": make_product, "fused": make_fused}


def stage(which, form, tiles, vectors, act=BELOW):
    """The kernel `product` or `fused` of a form (m, r), with so many tiles x vectors (at most 2) at once."""
    return MAKERS[which](form, tiles, vectors, act)


def named(wanted):
    """The kernel of this name, for processes that compile."""
    which, *numbers, act = wanted.rpartition(".")[2].split("_")
    m, r, tiles, vectors = map(int, numbers)
    return stage(which, (m, r), tiles, vectors, act)
