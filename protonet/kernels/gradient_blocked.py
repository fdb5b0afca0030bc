"""Gradients on their way back through blocked activations (conv_blocked.py): past a ReLU, and into a bias.

Bound: memory; so one pass does both.
"""

from protonet.kernels.blocks import place
from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.memory import copy, fill
from protonet.kernels.simd import BYTES, W

X, Y, Z, S, C = "X", "Y", "Z", "S", "C"
ABREAST = 4  # sums side by side: no chain of additions to wait for, and less rounding


def summed(e, n, addresses, sums, one):
    """sums += the sum of n vectors, each of them one(addresses), which lie one after another."""
    many = e.b.udiv(n, e.int(ABREAST))

    def several(_, c):
        at, acc = c[: len(addresses)], c[len(addresses) :]
        acc = [e.b.fadd(a, one([e.at(p, BYTES * i) for p in at])) for i, a in enumerate(acc)]
        return [*(e.at(p, BYTES * ABREAST) for p in at), *acc]

    def single(_, c):
        *at, acc = c
        return [*(e.at(p, BYTES) for p in at), e.b.fadd(acc, one(at))]

    found = e.loop(many, [*addresses, *[e.const(0)] * ABREAST], several)
    at, acc = found[: len(addresses)], found[len(addresses) :]
    total = e.b.fadd(e.b.fadd(acc[0], acc[1]), e.b.fadd(acc[2], acc[3]))
    *_, total = e.loop(e.b.sub(n, e.b.mul(many, e.int(ABREAST))), [*at, total], single)
    e.store(e.b.fadd(e.load(sums), total), sums)


@intrinsic
def masked(e, y, dy, dz, sums, slope: f32, n):
    """n vectors: dz <- dy where y > 0, else slope * dy; sums += them."""
    zero, slopes = e.const(0), e.splat(slope)

    def one(at):
        y, dy, dz = at
        v = e.load(dy)
        v = e.b.select(e.b.fcmp_ordered(">", e.load(y), zero), v, e.b.fmul(slopes, v))
        e.store(v, dz)
        return v

    summed(e, n, [y, dy, dz], sums, one)


@intrinsic
def unmasked(e, dy, sums, n):
    summed(e, n, [dy], sums, lambda at: e.load(at[0]))


@intrinsic
def clear(e, to):
    e.store(e.const(0), to)


@kernel(out="dz sums", dz="dy")
def relu(
    y: f32[Y], dy: f32[X], dz: f32[Z], sums: f32[S], slope: f32, images: i64, blocks: i64, rows: i64, columns: i64,
    yn: i64, yr: i64, yb: i64, xn: i64, xr: i64, xb: i64, zn: i64, zr: i64, zb: i64, begin, end,
):  # fmt: skip
    """dz <- dy where y > 0, slope * dy elsewhere; sums[image][block][W] <- its sums over pixels.

    yn, yr, yb: floats to the next image, row and block of y; xn ...: of dy; zn ...: of dz.  A task is a block of an
    image.
    """
    for task in range(begin, end):
        image = task // blocks
        c = task - image * blocks
        total = address(sums, task * W)
        clear(total)
        for i in range(rows):
            at, to = address(dy, image * xn + c * xb + i * xr), address(dz, image * zn + c * zb + i * zr)
            masked(address(y, image * yn + c * yb + i * yr), at, to, total, slope, columns)


@kernel(out="sums")
def sums_of(
    dy: f32[X], sums: f32[S], images: i64, blocks: i64, rows: i64, columns: i64, xn: i64, xr: i64, xb: i64, begin, end
):
    """sums[image][block][W] <- the sums of dy over pixels.  A task is a block of an image."""
    for task in range(begin, end):
        image = task // blocks
        c = task - image * blocks
        clear(address(sums, task * W))
        for i in range(rows):
            unmasked(address(dy, image * xn + c * xb + i * xr), address(sums, task * W), columns)


@intrinsic
def add_up(e, source, step, count, to, lanes):
    """The first `lanes` of to += the sum of `count` vectors, `step` bytes apart, in order."""

    def one(_, c):
        return [e.b.add(c[0], step), e.b.fadd(c[1], e.load(c[0]))]

    _, total = e.loop(count, [source, e.const(0)], one)
    mask = e.mask(lanes)
    e.store_masked(e.b.fadd(e.load_masked(to, mask), total), to, mask)


@kernel(out="db")
def add_sums(sums: f32[S], db: f32[C], images: i64, begin, end):
    """db += the sums of all images.  One task."""
    C = db.shape[0]
    blocks = (C + W - 1) // W
    for b in range(blocks):
        add_up(address(sums, b * W), blocks * BYTES, images, address(db, b * W), C - b * W)


@intrinsic
def add_apart(e, x, to, apart, n):
    """n vectors of x, added to every `apart` bytes of `to`."""

    def one(_, c):
        e.store(e.b.fadd(e.load(c[0]), e.load(c[1])), c[1])
        return [e.at(c[0], BYTES), e.b.add(c[1], apart)]

    e.loop(n, [x, to], one)


@kernel(out="y", y="old")
def spread(
    x: f32[X], old: f32[Z], y: f32[Y], adds: i64, images: i64, blocks: i64, rows: i64, columns: i64,
    high: i64, wide: i64, down: i64, across: i64,
    xn: i64, xr: i64, xb: i64, on: i64, or_: i64, ob: i64, yn: i64, yr: i64, yb: i64, begin, end,
):  # fmt: skip
    """y <- x (high x wide), its rows `down` and its pixels `across` apart, zeros between; + old if `adds`.

    A task is a row of a block of y (rows x columns).
    """
    for task in range(begin, end):
        image, c, i = place(task, blocks, rows)
        to = address(y, image * yn + c * yb + i * yr)
        if adds:
            source = address(old, image * on + c * ob + i * or_)
            if source != to:
                copy(to, source, columns * W)
        else:
            fill(to, f32(0), columns * W)
        k = i // down
        if k * down == i and k < high:
            add_apart(address(x, image * xn + c * xb + k * xr), to, across * BYTES, wide)
