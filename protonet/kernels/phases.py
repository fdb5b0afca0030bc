"""A strided deconvolution as a convolution with stride 1 and an interleaving.

Along one axis, with stride s, pad b and dilation 1, position q of the large map lies at phase a of cell h:

    q + b = s * h + a        y[q] = sum over j of x[h - j] * w[s * j + a]

so that the s phases are s outputs of one convolution of x, of ceil(kernel / s) taps.  `weights` sorts the taps by
phase, conv_plain.forward makes z, one channel for each channel and phase, and `interleave` puts the phases side by
side: y is written once, where adding windows up goes over it kernel / s times per axis.
"""

from protonet.kernels.jit import f32, i64, inline, kernel

B, C, D, G, K, Q, S, T = "BCDGKQST"


@inline
def ceil(a, b):
    return (a + b - 1) // b


@kernel(out="v")
def weights(
    w: f32[G, K, C, T], v: f32[G, D, K, Q],
    kz: i64, kh: i64, kw: i64, sz: i64, sh: i64, sw: i64, begin, end,
):  # fmt: skip
    """v[g, (c, phases), k, taps] <- w[g, k, c, t] turned round, 0 where a phase has no such tap; a task is a (g, d)."""
    G, K, C, T = w.shape
    G, D, K, Q = v.shape
    sz, sh, sw = max(1, sz), max(1, sh), max(1, sw)
    jz, jh, jw = ceil(kz, sz), ceil(kh, sh), ceil(kw, sw)
    phases = sz * sh * sw
    for task in range(begin, end):
        g, d = task // D, task % D
        c, a = d // phases, d % phases
        a0, a1, a2 = a // (sh * sw), a // sw % sh, a % sw
        for k in range(K):
            q = i64(0)
            for i in range(jz):
                z = sz * (jz - 1 - i) + a0
                for j in range(jh):
                    y = sh * (jh - 1 - j) + a1
                    for m in range(jw):
                        x = sw * (jw - 1 - m) + a2
                        there = z < kz and y < kh and x < kw
                        v[g, d, k, q] = w[g, k, c, (z * kh + y) * kw + x] if there else f32(0)
                        q += 1


@kernel(out="y")
def interleave(
    z: f32[G, D, Q], bias: f32[B], y: f32[G, C, S], biased: i64,
    Z: i64, H: i64, X: i64, sz: i64, sh: i64, sw: i64, pz: i64, ph: i64, pw: i64, PH: i64, PW: i64, begin, end,
):  # fmt: skip
    """y[n, c] <- bias[c] + the phases of z[n], of PH x PW cells each; y's maps are Z x H x X; a task is an (n, c)."""
    G, C, S = y.shape
    sz, sh, sw = max(1, sz), max(1, sh), max(1, sw)
    phases = sz * sh * sw
    for task in range(begin, end):
        n, c = task // C, task % C
        add = bias[c] if biased else f32(0)
        for line in range(Z * H):
            u0, u1 = line // H + pz, line % H + ph
            d = c * phases + (u0 % sz * sh + u1 % sh) * sw
            at = ((u0 // sz - pz // sz) * PH + u1 // sh - ph // sh) * PW - pw // sw
            to = line * X
            # pairs of phases lie side by side, which the compiler makes vectors of
            if sw == 2:
                first = (pw + 1) // 2
                if pw % 2 == 1:
                    y[n, c, to] = z[n, d + 1, at + pw // 2] + add
                pairs = (X + pw) // 2 - first
                for h in range(pairs):
                    y[n, c, to + 2 * h + pw % 2] = z[n, d, at + first + h] + add
                    y[n, c, to + 2 * h + pw % 2 + 1] = z[n, d + 1, at + first + h] + add
                if (X + pw) % 2 == 1:
                    y[n, c, to + X - 1] = z[n, d, at + (X + pw) // 2] + add
            else:
                for h in range(pw // sw, ceil(X + pw, sw)):
                    place = to + sw * h - pw
                    for a in range(max(0, pw - sw * h), min(sw, X + pw - sw * h)):
                        y[n, c, place + a] = z[n, d + a, at + h] + add
