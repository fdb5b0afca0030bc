"""Between plain volumes (N, C, D, H, W_) and planes of them in blocks (conv_blocked.py): an image for each depth.

Bound: memory, as in blocks.py.
"""

from protonet.kernels.blocks import gather, place, scatter
from protonet.kernels.jit import address, f32, i64, inline, kernel
from protonet.kernels.simd import W

N, C, D, H, V, X, Y = "NCDHVXY"


@inline
def spot(task, blocks, rows, depths):
    """Image, depth, block and row of a task."""
    plane, c, i = place(task, blocks, rows)
    n = plane // depths
    return n, plane - n * depths, c, i


@kernel
def to_planes(x: f32[N, C, D, H, V], y: f32[Y], planes: i64, yn: i64, yr: i64, yb: i64, begin, end):
    """y[n * planes + d] <- x[n, :, d]; lanes past the last channel become 0.  A task is a row of a block."""
    N, C, D, H, V = x.shape
    blocks = (C + W - 1) // W
    for task in range(begin, end):
        n, d, c, i = spot(task, blocks, H, D)
        to = address(y, (n * planes + d) * yn + c * yb + i * yr)
        for j in range(0, V, W):
            gather(address(x, (n, c * W, d, i, j)), 4 * D * H * V, to + 4 * j * W, C - c * W, V - j)


@kernel
def from_planes(x: f32[X], y: f32[N, C, D, H, V], planes: i64, xn: i64, xr: i64, xb: i64, begin, end):
    """y[n, :, d] <- x[n * planes + d].  A task is a row of a block."""
    N, C, D, H, V = y.shape
    blocks = (C + W - 1) // W
    for task in range(begin, end):
        n, d, c, i = spot(task, blocks, H, D)
        at = address(x, (n * planes + d) * xn + c * xb + i * xr)
        for j in range(0, V, W):
            scatter(at + 4 * j * W, address(y, (n, c * W, d, i, j)), 4 * D * H * V, C - c * W, V - j)
