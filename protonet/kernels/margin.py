"""Inner products with an angular margin: x (M, A), w (K, A) of unit rows, z = x @ w'.  A task is a row.

of the label      y = (|x| * psi(cos) + lambda * z) / (1 + lambda),  cos = z / |x|
psi, m = 2        2 * s * cos ** 2 - 1                                        s: the sign of cos
psi, m = 3        q * (4 * cos ** 3 - 3 * cos) + s * (1 + q) - 2              q: the sign of |cos| - 1 / 2
psi, m = 4        r * (8 * cos ** 4 - 8 * cos ** 2 + 1) + 2 * s + r - 3       r: s times the sign of 2 cos ** 2 - 1
"""

import math

from protonet.kernels.jit import f32, f64, i64, inline, kernel
from protonet.kernels.labels import NO_LABEL, class_of

M, A, K = "MAK"
TINY = 1e-30


@kernel(out="w")
def unit_rows(w: f32[K, A], begin, end):
    """w[k] <- w[k] / |w[k]|."""
    for k in range(begin, end):
        total = f64(0)
        for a in range(w.shape[1]):
            total += f64(w[k, a]) * f64(w[k, a])
        factor = f32(f64(1) / math.sqrt(max(total, f64(TINY))))
        for a in range(w.shape[1]):
            w[k, a] *= factor


@kernel(out="rate shown")
def schedule(
    rate: f32[1], shown: f32[1], random: i64[2], base: f32, gamma: f32, power: f32, least: f32, at: i64, begin, end
):  # fmt: skip
    """rate, shown <- max(base * (1 + gamma * iteration) ** -power, least); random[1] counts from 1.  One task."""
    rate[0] = max(base * f32(math.pow(1.0 + gamma * f32(random[1] + at), -power)), least)
    shown[0] = rate[0]


@inline
def sign(v):
    return f32(1) if v > 0.0 else (f32(-1) if v < 0.0 else f32(0))


@kernel(out="y slopes")
def margin(
    x: f32[M, A], label: f32[M], rate: f32[1], y: f32[M, K], slopes: f32[M, 2], m: i64, begin, end
):  # fmt: skip
    """y, which is z, gets the margin at the labels; slopes <- what w and x are multiplied with in its gradient there.

    Their direction alone counts: (slopes of w and of x) is scaled to length 1, as in the fork.
    """
    for i in range(begin, end):
        k = class_of(label[i], y.shape[1], NO_LABEL)
        slopes[i, 0], slopes[i, 1] = 1.0, 0.0
        if k >= 0 and m > 1:
            total = f64(0)
            for a in range(x.shape[1]):
                total += f64(x[i, a]) * f64(x[i, a])
            norm = f32(math.sqrt(max(total, f64(TINY))))
            c = y[i, k] / norm
            s, c2 = sign(c), c * c
            if m == 2:
                psi, dw, dx = 2.0 * s * c2 - 1.0, 4.0 * s * c, 2.0 * s * c2 + 1.0
            elif m == 3:
                q = sign(abs(c) - 0.5)
                rest = s * (1.0 + q) - 2.0
                psi, dw, dx = q * c * (4.0 * c2 - 3.0) + rest, q * (12.0 * c2 - 3.0), 8.0 * q * c * c2 - rest
            else:
                r = s * sign(2.0 * c2 - 1.0)
                rest = 2.0 * s + r - 3.0
                psi = r * (8.0 * c2 * c2 - 8.0 * c2 + 1.0) + rest
                dw, dx = r * c * (32.0 * c2 - 16.0), r * (24.0 * c2 * c2 - 8.0 * c2 - 1.0) - rest
            dx = -dx / norm
            length = max(math.sqrt(dw * dw + dx * dx), f32(TINY))
            whole = 1.0 + rate[0]
            y[i, k] = (norm * psi + rate[0] * y[i, k]) / whole
            slopes[i, 0], slopes[i, 1] = (dw / length + rate[0]) / whole, dx / length / whole


@kernel(out="g")
def margin_grad(dy: f32[M, K], label: f32[M], slopes: f32[M, 2], g: f32[M, K], begin, end):
    """g <- dy, times the slope of w at the label: what w is multiplied with."""
    for i in range(begin, end):
        k = class_of(label[i], g.shape[1], NO_LABEL)
        for j in range(g.shape[1]):
            g[i, j] = dy[i, j]
        if k >= 0:
            g[i, k] *= slopes[i, 0]


@kernel(out="dx")
def add_own(x: f32[M, A], dy: f32[M, K], label: f32[M], slopes: f32[M, 2], dx: f32[M, A], begin, end):
    """dx[i] += dy at the label, times the slope of x, times x[i]."""
    for i in range(begin, end):
        k = class_of(label[i], dy.shape[1], NO_LABEL)
        if k >= 0:
            factor = dy[i, k] * slopes[i, 1]
            for a in range(x.shape[1]):
                dx[i, a] += factor * x[i, a]
