"""The gradient of a ReLU by itself, on blocked activations (conv_blocked.py).  Bound: memory."""

from protonet.kernels.blocks import after, place
from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.simd import BYTES

X, Y, D = "X", "Y", "D"


@intrinsic
def masked(e, y, dy, dx, n, slope: f32):
    slope, zero = e.splat(slope), e.const(0)

    def one(_, c):
        y, dy, dx = c
        v = e.load(dy)
        e.store(e.b.select(e.b.fcmp_ordered(">", e.load(y), zero), v, e.b.fmul(slope, v)), dx)
        return [e.at(at, BYTES) for at in c]

    e.loop(n, [y, dy, dx], one)


@kernel(out="dx", dx="dy")
def mask(
    y: f32[Y], dy: f32[D], dx: f32[X], slope: f32, images: i64, blocks: i64, rows: i64, columns: i64,
    yn: i64, yr: i64, yb: i64, dn: i64, dr: i64, db: i64, xn: i64, xr: i64, xb: i64, begin, end,
):  # fmt: skip
    """dx <- dy where y > 0, slope * dy elsewhere.  (gradient_blocked.relu sums it up as well.)"""
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        seen, at = address(y, image * yn + c * yb + i * yr), address(dy, image * dn + c * db + i * dr)
        masked(seen, at, address(dx, image * xn + c * xb + i * xr), columns, slope)
        image, c, i = after(image, c, i, blocks, rows)
