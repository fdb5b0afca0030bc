"""The gates of an LSTM at one time: N rows of 4 H numbers, the input, forget and output gates and the candidate.

    i, f, o = sigmoid    g = tanh        c = cont * f * c0 + i * g        h = o * tanh(c)

cont is 0 for a row that begins a sequence, else 1.  A task is a row.
"""

from protonet.kernels.jit import f32, kernel
from protonet.kernels.sigmoid import sigmoid, tanh

N, H = "NH"


@kernel(gates="x", out="gates c h")
def unit(
    x: f32[N, 4, H], cont: f32[N], c0: f32[N, H], gates: f32[N, 4, H], c: f32[N, H], h: f32[N, H],
    forget_bias: f32, begin, end,
):  # fmt: skip
    """gates <- i, f, o, g of x (which it may be), and c and h."""
    H = c.shape[1]
    for n in range(begin, end):
        # each quarter by itself, so that the compiler makes vectors of it
        for j in range(3):
            bias = forget_bias if j == 1 else 0.0
            for k in range(H):
                gates[n, j, k] = sigmoid(x[n, j, k] + bias)
        for k in range(H):
            gates[n, 3, k] = tanh(x[n, 3, k])
        keep = cont[n]
        for k in range(H):
            now = keep * gates[n, 1, k] * c0[n, k] + gates[n, 0, k] * gates[n, 3, k]
            c[n, k] = now
            h[n, k] = gates[n, 2, k] * tanh(now)


@kernel(dc0="dc", out="dx dc0")
def unit_grad(
    gates: f32[N, 4, H], cont: f32[N], c0: f32[N, H], c: f32[N, H], dh: f32[N, H], dc: f32[N, H],
    dx: f32[N, 4, H], dc0: f32[N, H], begin, end,
):  # fmt: skip
    """dx, dc0 <- the gradients at x and c0, from those at h and c."""
    for n in range(begin, end):
        keep = cont[n]
        for k in range(c.shape[1]):
            i, f, o, g = gates[n, 0, k], gates[n, 1, k], gates[n, 2, k], gates[n, 3, k]
            t = tanh(c[n, k])
            total = dc[n, k] + dh[n, k] * o * (1.0 - t * t)
            dx[n, 0, k] = total * g * i * (1.0 - i)
            dx[n, 1, k] = total * c0[n, k] * keep * f * (1.0 - f)
            dx[n, 2, k] = dh[n, k] * t * o * (1.0 - o)
            dx[n, 3, k] = total * i * (1.0 - g * g)
            dc0[n, k] = total * keep * f
