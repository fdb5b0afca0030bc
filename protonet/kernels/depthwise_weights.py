"""The weights' gradient of a depthwise convolution (depthwise.py), on blocked activations; and its weights packed.

    dw[c][t] += sum over images and pixels of dy[pixel][c] * x[pixel * stride + offset of t][c]

A tile is a row of the window: its sums stay in registers over all rows of a map, SIDE pixels of dy at a time, so that
each number of x is loaded once for the taps that see it.  Bound: loads, or L2 for large maps.
"""

from functools import cache

from protonet.kernels.blocks import gather
from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.memory import stack
from protonet.kernels.simd import BYTES, W

X, Y, S, C, T, A = "X", "Y", "S", "C", "T", "A"
SIDE = 4
square = stack(W * BYTES)


def tile(wide, stride, dilation):
    """An intrinsic: `wide` sums at `to` <- over rows x columns.  Distances in bytes, to the next row."""

    @intrinsic
    def tile(e, x, xr, y, yr, rows, columns, to):
        b, many = e.b, e.b.udiv(columns, e.int(SIDE))
        rest = b.sub(columns, b.mul(many, e.int(SIDE)))

        def pixels(n):
            def some(_, c):
                x, y, *acc = c
                lines = [e.load(y, BYTES * p) for p in range(n)]
                places = {p * stride + j * dilation for p in range(n) for j in range(wide)}
                seen = {place: e.load(x, BYTES * place) for place in sorted(places)}
                for p in range(n):
                    acc = [e.fma(lines[p], seen[p * stride + j * dilation], a) for j, a in enumerate(acc)]
                return [e.at(x, BYTES * stride * n), e.at(y, BYTES * n), *acc]

            return some

        def row(_, c):
            x, y, *acc = c
            at, line, *acc = e.loop(many, [x, y, *acc], pixels(SIDE))
            _, _, *acc = e.loop(rest, [at, line, *acc], pixels(1))
            return [b.add(x, xr), b.add(y, yr), *acc]

        _, _, *sums = e.loop(rows, [x, y, *[e.const(0)] * wide], row)
        for j, total in enumerate(sums):
            e.store(total, to, BYTES * j)

    return tile


@cache
def make(wide, stride, dilation):
    one = tile(wide, stride, dilation)

    def weights(
        x: f32[X], dy: f32[Y], sums: f32[S], high: i64, line: i64, images: i64, blocks: i64, rows: i64, columns: i64,
        xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, begin, end,
    ):  # fmt: skip
        """sums[image][block][high * wide][W] <- the gradient of each image.  A task is a block of an image.

        high: rows of the window; line: floats to its next row in x; xn, xr, xb: to the next image of x, to the inputs
        of the next output's row, to the next block; yn, yr, yb: of dy.
        """
        for task in range(begin, end):
            image = task // blocks
            c = task - image * blocks
            at, to = address(x, image * xn + c * xb), address(sums, task * high * wide * W)
            for i in range(high):
                from_ = address(dy, image * yn + c * yb)
                one(at + 4 * i * line, 4 * xr, from_, 4 * yr, rows, columns, to + i * wide * BYTES)

    weights.__name__ = f"depthwise_{wide}_{stride}_{dilation}"
    return kernel(weights, out="sums")


def weights(wide, stride, dilation=1):
    """The kernel for windows of so many columns, with this stride and dilation along a row."""
    return make(wide, stride, dilation)


def named(wanted):
    """The kernel of this name, for processes that compile."""
    return make(*map(int, wanted.split("_")[-3:]))


@kernel(out="dw")
def collect(sums: f32[S], dw: f32[C, T], images: i64, begin, end):
    """dw[c][t] += the sums of all images, in order.  A task is a block of channels."""
    C, T = dw.shape
    blocks = (C + W - 1) // W
    for block in range(begin, end):
        for c in range(block * W, min(C, (block + 1) * W)):
            for t in range(T):
                total = f32(0)
                for n in range(images):
                    total += sums[((n * blocks + block) * T + t) * W + c - block * W]
                dw[c, t] += total


@intrinsic
def put(e, source, to):
    e.store(e.load(source), to)


@kernel(out="a")
def pack(w: f32[C, T], a: f32[A], back: i64, begin, end):
    """a[C / W][T][W] <- w; with `back` the last place of the window first.  A task is a block of channels."""
    C, T = w.shape
    away = square()
    for block in range(begin, end):
        t = i64(0)
        while t < T:
            count = min(W, T - t)
            gather(address(w, (block * W, t)), 4 * T, away, C - block * W, count)
            for j in range(count):
                place = T - 1 - t - j if back else t + j
                put(away + j * BYTES, address(a, (block * T + place) * W))
            t += W
