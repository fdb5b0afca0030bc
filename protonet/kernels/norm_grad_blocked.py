"""The gradient of batch normalisation on blocked activations (norm_blocked.py), of its Scale and its ReLU:

    dz = dy where y > 0, slope * dy elsewhere         y > 0 where factor * (x - mean) + shift > 0, so y is not read
    dgamma += sum of dz * (x - mean) * inv_std,  dbeta += sum of dz
    dx = factor * (dz - mean(dz) - normal * mean(dz * normal)) = p * dz + q * (x - mean) + t

    sums_of or sums_kept -> gradients -> back    p, q, t: `grads[block][P, Q, T][W]`, 0 in lanes past the last channel

Where r was added before the ReLU, y says what passes: `sums_kept` reads it and leaves dz, which is r's gradient too;
`back` is then told that dz is dy, and slope 1.  Statistics of the net (q = t = 0) need no sums: `back` may be given any
finite array for x then, so dy itself.  Bound: memory: dy and x are read twice, dx is written.
"""

from protonet.kernels.abreast import RUN, add_doubles, clear_doubles, doubled, sums
from protonet.kernels.blocks import after, place
from protonet.kernels.jit import address, f32, f64, i64, intrinsic, kernel
from protonet.kernels.norm_blocked import FACTOR, INV_STD, MEAN, SHIFT, TABLE, entry, normalised, total
from protonet.kernels.simd import BYTES, W

X, Y, R, D, Z, P, T, G, C = "X", "Y", "R", "D", "Z", "P", "T", "G", "C"
GRADS = 3 * W  # floats a block


def passed(e, positive, dy, slope):
    """What an activation lets back."""
    return e.b.select(e.b.fcmp_ordered(">", positive, e.const(0)), dy, e.b.fmul(slope, dy))


def summed(keeps):
    """An intrinsic: two vectors of doubles at `parts` += sums of dz and dz * (x - mean) over n vectors.

    keeps: y says what passes, and dz is written.
    """

    @intrinsic
    def summed(e, x, y, dy, dz, table, parts, n, slope: f32):
        b, slope = e.b, e.splat(slope)
        mean, factor, shift = (entry(e, table, which) for which in (MEAN, FACTOR, SHIFT))

        def terms(at, old):
            away = b.fsub(e.load(at[0]), mean)
            if keeps:
                v = passed(e, e.load(at[2]), e.load(at[1]), slope)
                e.store(v, at[3])
            else:
                v = passed(e, normalised(e, away, factor, shift), e.load(at[1]), slope)
            return [b.fadd(old[0], v), e.fma(v, away, old[1])]

        found = sums(e, n, [x, dy, y, dz] if keeps else [x, dy], 2, terms)
        for i, vector in enumerate(found):
            add_doubles(e, doubled(e, vector), parts, i)

    return summed


read, kept = summed(False), summed(True)


@kernel(out="parts")
def sums_of(
    x: f32[X], dy: f32[D], table: f32[T], parts: f64[P], slope: f32, images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, dn: i64, dr: i64, db: i64, chunk: i64, begin, end,
):  # fmt: skip
    """parts[chunk of images][block][2][W] <- sums of dz and dz * (x - mean).  A task is a block in `chunk` images."""
    for task in range(begin, end):
        part = task // blocks
        c = task - part * blocks
        first, to, of = part * chunk, address(parts, task * 2 * W), address(table, c * TABLE)
        clear_doubles(to)
        for image in range(first, min(first + chunk, images)):
            for i in range(rows):
                at, down, j = (
                    address(x, image * xn + c * xb + i * xr),
                    address(dy, image * dn + c * db + i * dr),
                    i64(0),
                )
                while j < columns:
                    n = min(RUN, columns - j)
                    read(at + j * BYTES, at, down + j * BYTES, at, of, to, n, slope)
                    j += n


@kernel(out="dz parts", dz="dy")
def sums_kept(
    x: f32[X], y: f32[Y], dy: f32[D], dz: f32[Z], table: f32[T], parts: f64[P], slope: f32,
    images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, dn: i64, dr: i64, db: i64, zn: i64, zr: i64, zb: i64,
    chunk: i64, begin, end,
):  # fmt: skip
    """The same with dz <- dy where y > 0, slope * dy elsewhere."""
    for task in range(begin, end):
        part = task // blocks
        c = task - part * blocks
        first, to, of = part * chunk, address(parts, task * 2 * W), address(table, c * TABLE)
        clear_doubles(to)
        for image in range(first, min(first + chunk, images)):
            for i in range(rows):
                at, down = address(x, image * xn + c * xb + i * xr), address(dy, image * dn + c * db + i * dr)
                seen, out = address(y, image * yn + c * yb + i * yr), address(dz, image * zn + c * zb + i * zr)
                j = i64(0)
                while j < columns:
                    n, on = min(RUN, columns - j), j * BYTES
                    kept(at + on, seen + on, down + on, out + on, of, to, n, slope)
                    j += n


@kernel(out="dgamma dbeta grads")
def gradients(
    parts: f64[P], table: f32[T], dgamma: f32[C], dbeta: f32[C], grads: f32[G], scales: i64, shifts: i64, stored: i64,
    chunks: i64, count: i64, begin, end,
):  # fmt: skip
    """dgamma +=, dbeta += if `scales`, `shifts`, or these are any arrays of C numbers; grads <- what `back` needs.

    stored: the statistics are the net's.  Then, if neither scales nor shifts, parts is not read.  One task.
    """
    C = dgamma.shape[0]
    blocks, m = (C + W - 1) // W, f64(count)
    for i in range(grads.shape[0]):
        grads[i] = 0.0
    for c in range(C):
        at, to = c // W * TABLE + c % W, c // W * GRADS + c % W
        factor, inv_std = f64(table[at + FACTOR * W]), f64(table[at + INV_STD * W])
        grads[to] = table[at + FACTOR * W]
        if scales != 0 or shifts != 0 or stored == 0:
            first = total(parts, blocks, chunks, 0, c)
            second = total(parts, blocks, chunks, 1, c) * inv_std
            if scales != 0:
                dgamma[c] += f32(second)
            if shifts != 0:
                dbeta[c] += f32(first)
            if stored == 0:
                grads[to + W] = f32(-factor * inv_std * second / m)
                grads[to + 2 * W] = f32(-factor * first / m)


@intrinsic
def led_back(e, x, dy, table, grads, dx, n, slope: f32):
    b, slope = e.b, e.splat(slope)
    mean, factor, shift = (entry(e, table, which) for which in (MEAN, FACTOR, SHIFT))
    p, q, t = (entry(e, grads, which) for which in range(3))

    def one(_, c):
        away = b.fsub(e.load(c[0]), mean)
        v = passed(e, normalised(e, away, factor, shift), e.load(c[1]), slope)
        e.store(e.fma(p, v, e.fma(q, away, t)), c[2])
        return [e.at(at, BYTES) for at in c]

    e.loop(n, [x, dy, dx], one)


@kernel(out="dx", dx="dy x")
def back(
    x: f32[X], dy: f32[D], table: f32[T], grads: f32[G], dx: f32[Z], slope: f32,
    images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, dn: i64, dr: i64, db: i64, zn: i64, zr: i64, zb: i64, begin, end,
):  # fmt: skip
    """dx <- p * dz + q * (x - mean) + t.  A task is a row of a block."""
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        at, down = address(x, image * xn + c * xb + i * xr), address(dy, image * dn + c * db + i * dr)
        to = address(dx, image * zn + c * zb + i * zr)
        led_back(at, down, address(table, c * TABLE), address(grads, c * GRADS), to, columns, slope)
        image, c, i = after(image, c, i, blocks, rows)
