"""Maps N x C x H x W read at places that a matrix of each image says: theta (N, 2, 3) times (row, column, 1).

Rows and columns run from -1 to 1, of y as of x, -1 being the first and 1 one beyond the last; beyond x lie zeros.
"""

from protonet.kernels.bits import floor
from protonet.kernels.jit import f32, f64, i64, inline, kernel

N, C, H, W, P, Q, K, S, M = "NCHWPQKSM"
BEYOND = 1.0e6  # places further off are as far as this


@inline
def place(theta, n, row, p, q, P, Q, size):
    """A row or column of x for place (p, q) of y."""
    v, u = f32(p) / f32(P) * 2.0 - 1.0, f32(q) / f32(Q) * 2.0 - 1.0
    at = theta[n, row, 0] * v + theta[n, row, 1] * u + theta[n, row, 2]
    at = (at + 1.0) / 2.0 * f32(size)
    return min(max(at, f32(-BEYOND)), f32(BEYOND)) if at == at else f32(-BEYOND)


@inline
def corner(theta, n, p, q, P, Q, H, W):
    """The number of x above and left of where place (p, q) of y is read, and how far beyond it that is."""
    v, u = place(theta, n, 0, p, q, P, Q, H), place(theta, n, 1, p, q, P, Q, W)
    h, w = i64(floor(v)), i64(floor(u))
    return h, w, v - f32(h), u - f32(w)


@inline
def number(x, n, c, h, w, H, W):
    return x[n, c, h, w] if h >= 0 and h < H and w >= 0 and w < W else f32(0.0)


@kernel(out="full")
def complete(theta: f32[N, K], fixed: f32[6], given: i64[6], full: f32[N, 2, 3], begin, end):
    """full <- theta, with fixed numbers where they are given.  One task."""
    N, _ = theta.shape
    for n in range(N):
        k = 0
        for i in range(6):
            if given[i] != 0:
                full[n, i // 3, i % 3] = fixed[i]
            else:
                full[n, i // 3, i % 3] = theta[n, k]
                k += 1


@kernel(out="fixed given")
def constants(fixed: f32[6], given: i64[6], i: i64, value: f32, isgiven: i64, begin, end):
    fixed[i], given[i] = value, isgiven


@kernel(out="y")
def read(x: f32[N, C, H, W], theta: f32[N, 2, 3], y: f32[N, C, P, Q], begin, end):
    """A task is a row of an image of y."""
    N, C, H, W = x.shape
    _, _, P, Q = y.shape
    for task in range(begin, end):
        n, p = task // P, task % P
        for q in range(Q):
            h, w, b, a = corner(theta, n, p, q, P, Q, H, W)
            for c in range(C):
                upper = (1.0 - a) * number(x, n, c, h, w, H, W) + a * number(x, n, c, h, w + 1, H, W)
                lower = (1.0 - a) * number(x, n, c, h + 1, w, H, W) + a * number(x, n, c, h + 1, w + 1, H, W)
                y[n, c, p, q] = (1.0 - b) * upper + b * lower


@kernel(out="at share")
def spots(theta: f32[N, 2, 3], at: i64[N, P, Q, 4], share: f32[N, P, Q, 4], H: i64, W: i64, begin, end):
    """The four numbers of a map that each place is read between, and their shares: 0 of what is outside."""
    _, P, Q, _ = at.shape
    for task in range(begin, end):
        n, p = task // P, task % P
        for q in range(Q):
            h, w, b, a = corner(theta, n, p, q, P, Q, H, W)
            for k in range(4):
                i, j = h + k // 2, w + k % 2
                inside = i >= 0 and i < H and j >= 0 and j < W
                at[n, p, q, k] = i * W + j if inside else 0
                share[n, p, q, k] = (b if k > 1 else 1.0 - b) * (a if k % 2 == 1 else 1.0 - a) if inside else f32(0.0)


@kernel(out="dx")
def read_grad(dy: f32[N, C, S], at: i64[N, S, 4], share: f32[N, S, 4], dx: f32[N, C, M], begin, end):
    """dx <- each dy, shared out over the four numbers it was read between; a task is a plane."""
    _, C, M = dx.shape
    S = dy.shape[2]
    for task in range(begin, end):
        n, c = task // C, task % C
        for m in range(M):
            dx[n, c, m] = 0.0
        for s in range(S):
            for k in range(4):
                if share[n, s, k] != 0.0:
                    dx[n, c, at[n, s, k]] += dy[n, c, s] * share[n, s, k]


@kernel(out="dtheta")
def theta_grad(
    x: f32[N, C, H, W], theta: f32[N, 2, 3], dy: f32[N, C, P, Q], given: i64[6], dtheta: f32[N, K], begin, end
):  # fmt: skip
    """dtheta <- how the tops change with each number that is not given; a task is an image."""
    N, C, H, W = x.shape
    _, _, P, Q = dy.shape
    for n in range(begin, end):
        rr, rc, r1, cr, cc, c1 = f64(0), f64(0), f64(0), f64(0), f64(0), f64(0)
        for p in range(P):
            for q in range(Q):
                h, w, b, a = corner(theta, n, p, q, P, Q, H, W)
                down, across = f32(0.0), f32(0.0)
                for c in range(C):
                    tl, tr = number(x, n, c, h, w, H, W), number(x, n, c, h, w + 1, H, W)
                    bl, br = number(x, n, c, h + 1, w, H, W), number(x, n, c, h + 1, w + 1, H, W)
                    d = dy[n, c, p, q]
                    down += d * ((1.0 - a) * (bl - tl) + a * (br - tr))
                    across += d * ((1.0 - b) * (tr - tl) + b * (br - bl))
                down, across = down * f32(H) / 2.0, across * f32(W) / 2.0
                row, column = f32(p) / f32(P) * 2.0 - 1.0, f32(q) / f32(Q) * 2.0 - 1.0
                rr, rc, r1 = rr + f64(down * row), rc + f64(down * column), r1 + f64(down)
                cr, cc, c1 = cr + f64(across * row), cc + f64(across * column), c1 + f64(across)
        k = 0
        for i in range(6):
            if given[i] == 0:
                total = rr if i == 0 else rc if i == 1 else r1 if i == 2 else cr if i == 3 else cc if i == 4 else c1
                dtheta[n, k] = f32(total)
                k += 1
