"""Local response normalisation across channels of blocked activations (conv_blocked.py), any beta, and its gradient.

    s = k + rate * sum of x^2 around,  y = x * s^-beta
    dx = dy * s^-beta - 2 * rate * beta * x * sum of dy * y / s around

All channels of a pixel are a chain of blocks in registers, from which neighbours come by shuffles; s is not kept, since
to make it again is no more work than to read it.  Bound: instructions, about seventy a vector going back, and memory.
"""

from functools import cache

from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.simd import BYTES, E, W
from protonet.kernels.vector_power import falling

X, Y, D, Z = "X", "Y", "D", "Z"


def around(e: E, size, before, here, later):
    """Sums over `size` channels: of the middle one of three neighbouring vectors."""
    total = here
    for d in range(1, size // 2 + 1):
        down = e.shuffle(before, here, list(range(W - d, 2 * W - d)))
        up = e.shuffle(here, later, list(range(d, W + d)))
        total = e.b.fadd(total, e.b.fadd(down, up))
    return total


class Squares:
    """The blocks of a pixel of x, as they come: each with the squares before and after it."""

    def __init__(self, e: E, xb, blocks, lanes):
        self.e, self.xb, self.blocks, self.mask = e, xb, blocks, e.mask(lanes)

    def load(self, x, i):
        """Block i; channels past the last one are 0, whatever lies there."""
        b, value = self.e.b, self.e.load(x)
        last = self.e.splat(b.icmp_signed("==", b.add(i, self.e.int(1)), self.blocks))
        return b.select(b.or_(self.mask, b.not_(last)), value, self.e.const(0))

    def first(self, x):
        value = self.load(x, self.e.int(0))
        return [x, self.e.const(0), self.e.b.fmul(value, value), value]

    def next(self, i, state):
        """The squares around block i and its value; and the state of the next block."""
        e, b = self.e, self.e.b
        x, before, here, value = state
        more = b.icmp_signed("<", b.add(i, e.int(1)), self.blocks)
        x = b.select(more, b.add(x, self.xb), x)
        coming = self.load(x, b.add(i, e.int(1)))
        later = b.select(more, b.fmul(coming, coming), e.const(0))
        return (before, here, later), value, [x, here, later, coming]


def pixel(size, root):
    """An intrinsic: y of all channels of a pixel; xb, yb: bytes to the next block, the last one of `lanes` channels."""

    @intrinsic
    def pixel(e, x, xb, y, yb, blocks, lanes, rate: f32, k: f32, beta: f32):
        rate, k, beta = e.splat(rate), e.splat(k), None if root else e.splat(beta)
        squares = Squares(e, xb, blocks, lanes)

        def block(i, c):
            near, value, state = squares.next(i, c[1:])
            e.store(e.b.fmul(value, falling(e, e.fma(rate, around(e, size, *near), k), beta)), c[0])
            return [e.b.add(c[0], yb), *state]

        e.loop(blocks, [y, *squares.first(x)], block)

    return pixel


def pixel_back(size, root):
    """An intrinsic: dx of all channels of a pixel."""

    @intrinsic
    def pixel_back(e, x, xb, dy, db, dx, zb, blocks, lanes, rate: f32, k: f32, beta: f32, twice: f32):
        b = e.b
        rate, k, beta, twice = e.splat(rate), e.splat(k), None if root else e.splat(beta), e.splat(twice)
        squares = Squares(e, xb, blocks, lanes)

        def made(i, dy, state):
            """dy * s^-beta, x and dy * y / s of block i."""
            near, value, state = squares.next(i, state)
            s = e.fma(rate, around(e, size, *near), k)
            own = b.fmul(e.load(dy), falling(e, s, beta))
            return own, value, b.fdiv(b.fmul(own, value), s), state

        def put(to, own, value, ratios):
            e.store(e.fma(b.fmul(twice, value), around(e, size, *ratios), own), to)

        own, value, ratio, state = made(e.int(0), dy, squares.first(x))

        def block(i, c):
            dy, to, own, value, before, here, *state = c
            dy = b.add(dy, db)
            next_own, next_value, later, state = made(b.add(i, e.int(1)), dy, state)
            put(to, own, value, (before, here, later))
            return [dy, b.add(to, zb), next_own, next_value, here, later, *state]

        carried = [dy, dx, own, value, e.const(0), ratio, *state]
        _, to, own, value, before, here, *_ = e.loop(b.sub(blocks, e.int(1)), carried, block)
        put(to, own, value, (before, here, e.const(0)))

    return pixel_back


@cache
def make(size, root):
    one, one_back = pixel(size, root), pixel_back(size, root)

    def lrn(
        x: f32[X], y: f32[Y], images: i64, channels: i64, rows: i64, columns: i64,
        xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, rate: f32, k: f32, beta: f32, begin, end,
    ):  # fmt: skip
        """A task is a row of an image."""
        blocks = (channels + W - 1) // W
        lanes = channels - (blocks - 1) * W
        for task in range(begin, end):
            image = task // rows
            i = task - image * rows
            at, to = address(x, image * xn + i * xr), address(y, image * yn + i * yr)
            for j in range(columns):
                one(at + j * BYTES, 4 * xb, to + j * BYTES, 4 * yb, blocks, lanes, rate, k, beta)

    def lrn_grad(
        x: f32[X], dy: f32[D], dx: f32[Z], images: i64, channels: i64, rows: i64, columns: i64,
        xn: i64, xr: i64, xb: i64, dn: i64, dr: i64, db: i64, zn: i64, zr: i64, zb: i64,
        rate: f32, k: f32, beta: f32, begin, end,
    ):  # fmt: skip
        """dx may be dy.  Lanes past the last channel become 0 if those of dy are.  A task is a row of an image."""
        blocks, twice = (channels + W - 1) // W, f32(-2) * rate * beta
        lanes = channels - (blocks - 1) * W
        for task in range(begin, end):
            image = task // rows
            i = task - image * rows
            at, down = address(x, image * xn + i * xr), address(dy, image * dn + i * dr)
            to = address(dx, image * zn + i * zr)
            for j in range(columns):
                on = j * BYTES
                one_back(at + on, 4 * xb, down + on, 4 * db, to + on, 4 * zb, blocks, lanes, rate, k, beta, twice)

    way = f"{size}_{'root' if root else 'any'}"
    lrn.__name__, lrn_grad.__name__ = f"lrn_{way}", f"lrn_grad_{way}"
    return kernel(lrn), kernel(lrn_grad, dx="dy")


def lrn(size, beta):
    """The kernels forward and backward for sums over so many channels: odd, at most 2 W + 1."""
    return make(size, abs(beta - 0.75) < 1e-6)


def named(wanted):
    """The kernel of this name, for processes that compile."""
    *words, size, way = wanted.split("_")
    return make(int(size), way == "root")[words[-1] == "grad"]
