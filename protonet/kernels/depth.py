"""Space to depth: what a window with strides sees, as channels of a smaller map that it sees without.

    y[block of (b * sw + d) * C + c][i][j] = x[c][i * sh + b - top][j * sw + d - left], zeros outside

A window of kh x kw and stride sh x sw on x is one of ceil(kh / sh) x ceil(kw / sw) and stride 1 on y.
Bound: scattered stores, one a number.
"""

from protonet.kernels.jit import address, f32, i64, kernel
from protonet.kernels.memory import fill
from protonet.kernels.simd import W

N, C, H, V, Y = "N", "C", "H", "V", "Y"


@kernel
def to_depth(
    x: f32[N, C, H, V], y: f32[Y], sh: i64, sw: i64, top: i64, left: i64, blocks: i64, rows: i64, columns: i64,
    yn: i64, yr: i64, yb: i64, begin, end,
):  # fmt: skip
    """y: blocked.  A task is a row of y."""
    N, C, H, V = x.shape
    for task in range(begin, end):
        image = task // rows
        i = task - image * rows
        for block in range(blocks):
            fill(address(y, image * yn + block * yb + i * yr), f32(0), columns * W)
        for b in range(sh):
            line = i * sh + b - top
            if line < 0 or line >= H:
                continue
            for d in range(sw):
                first = max(0, (left - d + sw - 1) // sw)
                last = min(columns, (V - 1 + left - d) // sw + 1)
                for c in range(C):
                    channel = (b * sw + d) * C + c
                    at = image * yn + channel // W * yb + i * yr + channel % W
                    for j in range(first, last):
                        y[at + j * W] = x[image, c, line, j * sw + d - left]
