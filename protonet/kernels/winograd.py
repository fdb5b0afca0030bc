"""Winograd: a 3 x 3 convolution of stride 1 with fewer products, on blocked activations (conv_blocked.py).

    y = A' [(G w G') * (B' x B)] A        arXiv:1509.09308, for tiles of m x m outputs from (m + 2) x (m + 2) inputs

The product * sums over channels: (m + 2)^2 matrix products of tiles x C x K ("planes").  m = 4 takes 2.25 products an
output where a direct convolution takes 9, m = 2 takes 4.  Points 0, 1, -1, 1/2, -2 and infinity: of those tried the
most exact (largest error over largest output, 512 channels: 5e-6; with 2 in place of 1/2: 1.4e-5).

Bound: FMA throughput in the products, while the transformed weights (36 / 9 or 16 / 9 of the weights) come quickly:
    few tiles    `transform` all inputs first; then each task of `product` reads its weights once, for all tiles;
    many tiles   `fused` takes a block of them through all stages in the thread's own memory, which stays in L2.
Weights: [K / W][planes][C / W][W in][W out].
"""

from functools import cache

from protonet.kernels.conv_blocked import BELOW, multiplied
from protonet.kernels.jit import address, f32, i64, inline, intrinsic, kernel
from protonet.kernels.simd import BYTES, W
from protonet.kernels.winograd_forms import FORMS, inputs, outputs, planes

X, V, U, B, R, Y = "X", "V", "U", "B", "R", "Y"


def gemm(tiles, vectors):
    """An intrinsic: `tiles` tiles x `vectors` vectors of channels of one plane.  Distances in bytes, to the next ...

    vb: block of channels; uv: weights of the next vector of outputs; pv: the sums of it.
    """
    each = [(t, v) for t in range(tiles) for v in range(vectors)]

    @intrinsic
    def gemm(e, v, vb, blocks, u, uv, p, pv):
        def block(_, c):
            at, u, *acc = c
            return [e.b.add(at, vb), e.at(u, BYTES * W), *multiplied(e, acc, at, u, uv, each, W, W)]

        _, _, *sums = e.loop(blocks, [v, u, *(e.const(0) for _ in each)], block)
        for total, (t, k) in zip(sums, each, strict=True):
            e.store(total, e.b.add(p, e.b.mul(pv, e.int(k))), BYTES * t)

    return gemm


@inline
def padded(n):
    """Floats between planes: never a multiple of 4096 bytes, or all would fall in one set of the L1 cache."""
    return n + 16 if n % 1024 == 0 else n


def room(m, tiles, count):
    """Floats for `count` blocks of channels of all planes of so many tiles."""
    return planes(m) * padded.function(tiles * count * W)


def make_transform(m):
    take, n = inputs(m), m

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
            at = address(x, image * xn + c * xb + i * n * xr)
            to = address(v, (c * tiles + line * across) * W)
            for j in range(across):
                take(at + j * 4 * n * W, 4 * xr, to + j * 4 * W, 4 * vp)

    transform.__name__ = f"transform_{m}"
    return kernel(transform)


TRANSFORM = {m: make_transform(m) for m in FORMS}


def make_stages(m, tiles, vectors, act):
    """Inline: products and outputs of tiles [t0, t1), for `full` vectors of channels or for one."""
    wide, narrow, give, count = gemm(tiles, vectors), gemm(tiles, 1), outputs(m, act), planes(m)

    @inline
    def stages(
        v, vb, vp, u, blocks, full, t0, t1, memory, bias, slope, r, y,
        down, across, rows, columns, yn, yr, yb, rn, rr, rb, lo, hi,
    ):  # fmt: skip
        pv = (t1 - t0 + tiles - 1) // tiles * tiles * W * 4
        size = blocks * W * W * 4
        ks = vectors if full else 1
        pp = 4 * padded(vectors * pv // 4)
        for plane in range(count):
            t = i64(0)
            while t < t1 - t0:
                at, to = v + plane * vp + t * W * 4, memory + plane * pp + t * W * 4
                if full:
                    wide(at, vb, blocks, u + plane * size, count * size, to, pv)
                else:
                    narrow(at, vb, blocks, u + plane * size, count * size, to, pv)
                t += tiles
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
                    at, pp, bias + k * W * 4, slope + k * W * 4, old, 4 * rr, to, 4 * yr, rows - i, columns - j, lo, hi
                )

    return stages


def make_product(m, tiles, vectors, act=BELOW):
    stages = make_stages(m, tiles, vectors, act)

    def product(
        v: f32[V], u: f32[U], bias: f32[B], slope: f32[B], r: f32[R], y: f32[Y],
        vecs: i64, blocks: i64, images: i64, down: i64, across: i64, rows: i64, columns: i64,
        yn: i64, yr: i64, yb: i64, rn: i64, rr: i64, rb: i64, add: i64, lo: f32, hi: f32, begin, end, memory,
    ):  # fmt: skip
        """y <- activation(A' (u * v) A + bias + r); a task is `vectors` vectors of channels.

        down, across: tiles of an image, in columns and rows.  memory: room(m, tiles, vectors), tiles filled up.
        """
        all_ = images * down * across
        vb = (all_ + tiles - 1) // tiles * tiles * W * 4
        vp = 4 * padded(blocks * vb // 4)
        for task in range(begin, end):
            k = task * vectors
            stages(
                address(v, 0), vb, vp, address(u, k * blocks * planes_ * W * W), blocks, vecs - k >= vectors, 0, all_,
                memory, address(bias, k * W), address(slope, k * W), address(r, k * rb) * add, address(y, k * yb),
                down, across, rows, columns, yn, yr, yb, rn, rr, rb, lo, hi,
            )  # fmt: skip

    planes_ = planes(m)
    product.__name__ = f"product_{m}_{tiles}_{vectors}_{act}"
    return kernel(product, y="r")


def make_fused(m, tiles, vectors, act=BELOW):
    stages, take, planes_ = make_stages(m, tiles, vectors, act), inputs(m), planes(m)

    def fused(
        x: f32[X], u: f32[U], bias: f32[B], slope: f32[B], r: f32[R], y: f32[Y], block: i64,
        vecs: i64, blocks: i64, images: i64, down: i64, across: i64, rows: i64, columns: i64, xn: i64, xr: i64, xb: i64,
        yn: i64, yr: i64, yb: i64, rn: i64, rr: i64, rb: i64, add: i64, lo: f32, hi: f32, begin, end, memory,
    ):  # fmt: skip
        """The same in one step; a task is `block` tiles.  memory: room(m, block, C / W) + room(m, block, vectors)."""
        all_ = images * down * across
        vb = block * W * 4
        vp = 4 * padded(blocks * block * W)
        after = memory + planes_ * vp
        for task in range(begin, end):
            t0 = task * block
            t1 = min(t0 + block, all_)
            for c in range(blocks):
                for t in range(t0, t1):
                    line = t // across
                    j = (t - line * across) * m
                    image = line // down
                    i = (line - image * down) * m
                    take(
                        address(x, image * xn + c * xb + i * xr + j * W), 4 * xr, memory + c * vb + (t - t0) * W * 4, vp
                    )
            k = i64(0)
            while k < vecs:
                stages(
                    memory, vb, vp, address(u, k * blocks * planes_ * W * W), blocks, vecs - k >= vectors, t0, t1,
                    after, address(bias, k * W), address(slope, k * W), address(r, k * rb) * add, address(y, k * yb),
                    down, across, rows, columns, yn, yr, yb, rn, rr, rb, lo, hi,
                )  # fmt: skip
                k += vectors

    fused.__name__ = f"fused_{m}_{tiles}_{vectors}_{act}"
    return kernel(fused, y="r")


MAKERS = {"product": make_product, "fused": make_fused}


@cache
def stage(which, m, tiles, vectors, act=BELOW):
    """The kernel `product` or `fused` with tiles of so many tiles x vectors of channels (at most 2)."""
    return MAKERS[which](m, tiles, vectors, act)


def named(wanted):
    """The kernel of this name, for processes that compile."""
    which, *numbers, act = wanted.rpartition(".")[2].split("_")
    return stage(which, *map(int, numbers), act)
