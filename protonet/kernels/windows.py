"""Windows of maps as rows: y[n, c, t, p] <- x[n, c, position p + offset t], 0 outside.  Maps have three axes.

x is (N, C, Z, H, W), y (N, C * T, P) with T taps and P positions.  A task is an (n, c).
"""

from protonet.kernels.jit import f32, i64, kernel

N, C, Z, H, W, T, P = "N", "C", "Z", "H", "W", "T", "P"


@kernel(out="y")
def unroll(
    x: f32[N, C, Z, H, W],
    y: f32[N, C, T, P],
    kz: i64,
    kh: i64,
    kw: i64,
    sz: i64,
    sh: i64,
    sw: i64,
    pz: i64,
    ph: i64,
    pw: i64,
    dz: i64,
    dh: i64,
    dw: i64,
    OH: i64,
    OW: i64,
    begin,
    end,
):
    _, C, Z, H, W = x.shape
    T, P = y.shape[2], y.shape[3]
    for task in range(begin, end):
        n, c = task // C, task % C
        for t in range(T):
            i, j, k = t // (kh * kw) * dz - pz, t // kw % kh * dh - ph, t % kw * dw - pw
            for row in range(P // OW):
                z, h = row // OH * sz + i, row % OH * sh + j
                inside = z >= 0 and z < Z and h >= 0 and h < H
                for q in range(OW):
                    w = q * sw + k
                    y[n, c, t, row * OW + q] = x[n, c, z, h, w] if inside and w >= 0 and w < W else 0.0


@kernel(out="dx")
def unroll_grad(
    dy: f32[N, C, T, P],
    dx: f32[N, C, Z, H, W],
    kz: i64,
    kh: i64,
    kw: i64,
    sz: i64,
    sh: i64,
    sw: i64,
    pz: i64,
    ph: i64,
    pw: i64,
    dz: i64,
    dh: i64,
    dw: i64,
    OH: i64,
    OW: i64,
    begin,
    end,
):
    """dx <- the sums of what each of its numbers became."""
    _, C, Z, H, W = dx.shape
    T, P = dy.shape[2], dy.shape[3]
    for task in range(begin, end):
        n, c = task // C, task % C
        for z in range(Z):
            for h in range(H):
                for w in range(W):
                    dx[n, c, z, h, w] = 0.0
        for t in range(T):
            i, j, k = t // (kh * kw) * dz - pz, t // kw % kh * dh - ph, t % kw * dw - pw
            for row in range(P // OW):
                z, h = row // OH * sz + i, row % OH * sh + j
                if z >= 0 and z < Z and h >= 0 and h < H:
                    for q in range(OW):
                        w = q * sw + k
                        if w >= 0 and w < W:
                            dx[n, c, z, h, w] += dy[n, c, t, row * OW + q]
