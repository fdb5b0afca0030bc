"""Strassen's product in Winograd's form, one level, for 1 x 1 convolutions: seven products of half size, not eight.

Weights are cut in two along K and along C, pixels in two halves of rows (which share one where their number is odd):

    T1 = B12 - B11   T2 = B22 - T1   T3 = B22 - B12   T4 = T2 - B21        of the inputs B, by `spread`
    S1 = A21 + A22   S2 = S1 - A11   S3 = A11 - A21   S4 = A12 - S2        of the weights A, when they are packed
    Q = A11 B11      C11 = Q + A12 B21      Q += S2 T2      R = Q + S3 T3      Z = S1 T1
    C22 = R + Z      C12 = (Q + Z) + S4 B22                 C21 = R - A22 T4

The products are those of conv_blocked.py; all sums of theirs but the two with Z start in its registers.  What a
residual layer adds to the outputs comes in by Q, and `gather` puts it right.
Bound: FMA; `spread` and `gather` pass once over a quarter of the inputs and of the outputs.
"""

from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.simd import BYTES, W

X, T, Q, B, R, Y = "X", "T", "Q", "B", "R", "Y"


@intrinsic
def sums(e, b11, b12, b21, b22, t, step, vectors):
    """T1 to T4, `step` bytes apart."""

    def one(_, c):
        b = e.b
        first, second, third, fourth = (e.load(at) for at in c[:4])
        t1 = b.fsub(second, first)
        t2 = b.fsub(fourth, t1)
        for i, value in enumerate((t1, t2, b.fsub(fourth, second), b.fsub(t2, third))):
            e.store(value, b.add(c[4], b.mul(step, e.int(i))))
        return [e.at(at, BYTES) for at in c]

    e.loop(vectors, [b11, b12, b21, b22, t], one)


@intrinsic
def joined(e, q, r, z, y, bias, lo: f32, hi: f32, vectors):
    """y <- act(R + Z + bias);  Q <- Q + Z."""
    shift, lo, hi = e.load(bias), e.splat(lo), e.splat(hi)

    def one(_, c):
        b = e.b
        at, rs, zs, to = c
        more = e.load(zs)
        total = b.fadd(b.fadd(e.load(rs), more), shift)
        e.store(e.min(e.max(total, lo), hi), to)
        e.store(b.fadd(e.load(at), more), at)
        return [e.at(place, BYTES) for place in c]

    e.loop(vectors, [q, r, z, y], one)


@intrinsic
def adjusted(e, q, r, z, y, bias, r11, r12, r21, r22, lo: f32, hi: f32, vectors):
    """The same where Q and R hold r11: that goes, and to y comes r22, to Q r12, to R r21."""
    shift, lo, hi = e.load(bias), e.splat(lo), e.splat(hi)

    def one(_, c):
        b = e.b
        at, rs, zs, to, *old = c
        more, (o11, o12, o21, o22) = e.load(zs), (e.load(place) for place in old)
        here = b.fsub(e.load(rs), o11)
        total = b.fadd(b.fadd(b.fadd(here, more), shift), o22)
        e.store(e.min(e.max(total, lo), hi), to)
        e.store(b.fadd(b.fadd(b.fsub(e.load(at), o11), more), o12), at)
        e.store(b.fadd(here, o21), rs)
        return [e.at(place, BYTES) for place in c]

    e.loop(vectors, [q, r, z, y, r11, r12, r21, r22], one)


@kernel
def spread(
    x: f32[X], t: f32[T], images: i64, half: i64, rows: i64, columns: i64, step: i64, second: i64,
    xn: i64, xr: i64, xb: i64, begin, end,
):  # fmt: skip
    """T1 to T4, `step` floats apart.  half: blocks of a half; rows: of a half; second: where the second half begins."""
    for task in range(begin, end):
        image = task // half
        c = task - image * half
        for i in range(rows):
            at, to = image * xn + c * xb + i * xr, (task * rows + i) * columns * W
            low, down = at + half * xb, second * xr
            sums(
                address(x, at), address(x, at + down), address(x, low), address(x, low + down),
                address(t, to), 4 * step, columns,
            )  # fmt: skip


@kernel(out="q r y")
def gather(
    q: f32[Q], r: f32[Q], z: f32[Q], bias: f32[B], old: f32[R], y: f32[Y], add: i64,
    images: i64, half: i64, rows: i64, columns: i64, second: i64,
    on: i64, or_: i64, ob: i64, yn: i64, yr: i64, yb: i64, lo: f32, hi: f32, begin, end,
):  # fmt: skip
    """C22, and Q and R as the last two products want them.  old: what is added to the outputs, if `add`."""
    for task in range(begin, end):
        image = task // half
        k = task - image * half
        for i in range(rows):
            at = (task * rows + i) * columns * W
            to = address(y, image * yn + (k + half) * yb + (i + second) * yr)
            b = address(bias, (k + half) * W)
            if add:
                o = image * on + k * ob + i * or_
                low, down = o + half * ob, second * or_
                adjusted(
                    address(q, at), address(r, at), address(z, at), to, b, address(old, o), address(old, o + down),
                    address(old, low), address(old, low + down), lo, hi, columns,
                )  # fmt: skip
            else:
                joined(address(q, at), address(r, at), address(z, at), to, b, lo, hi, columns)
