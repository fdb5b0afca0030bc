"""Softmax of a row in vectors by hand: its last numbers under a mask, where the compiler would take them one by one."""

from protonet.kernels.jit import address, f32, inline
from protonet.kernels.simd import BYTES, F32, I32, VECTOR, E, W, intrinsic, ir

INTS = ir.VectorType(I32, W)
FEW = 256  # numbers of a row: shorter ones are done four at once


def exp(e: E, x):
    """kernels/exp.py on a vector, bit for bit."""
    b = e.b
    x = e.min(e.max(x, e.const(-104)), e.const(89))
    n = e.call(f"llvm.floor.v{W}f32", e.fma(x, e.const(1.44269504), e.const(0.5)))
    r = e.fma(n, e.const(2.12194440e-4), e.fma(n, e.const(-0.693359375), x))
    p = e.const(1.9875691500e-4)
    for c in 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1:
        p = e.fma(p, r, e.const(c))
    p = b.fadd(e.fma(b.fmul(p, r), r, r), e.const(1))
    whole = b.fptosi(n, INTS)
    half = b.ashr(whole, ints(1))
    for part in half, b.sub(whole, half):
        p = b.fmul(p, b.bitcast(b.shl(b.add(part, ints(127)), ints(23)), VECTOR))
    return p


def ints(n):
    return ir.Constant(INTS, [n] * W)


def softmax_rows(count, logs=False):
    """An intrinsic: y[i, :n] <- exp(x[i, :n]) over its sum, for `count` rows of n numbers; y may be x.

    logs: the log of that, never below `least`.  Several rows at once hide how long each of a row's sums takes.
    """

    @intrinsic
    def softmax_rows(e, x, y, n, least: f32):
        b, pitch, zero = e.b, e.b.mul(n, e.int(4)), e.const(0)
        whole = b.ashr(n, e.int(W.bit_length() - 1))
        rest = e.mask(b.sub(n, b.mul(whole, e.int(W))))
        xs = [b.add(x, b.mul(pitch, e.int(i))) for i in range(count)]
        ys = [b.add(y, b.mul(pitch, e.int(i))) for i in range(count)]

        def over(source, carried, change):
            """change(i, v, carried, store) on all vectors of all rows; `carried` begins what it returns."""

            def vector(k, state):
                offset, *state = state
                places = [b.add(place, offset) for place in source], [b.add(place, offset) for place in ys]
                new = []
                for i, (place, to) in enumerate(zip(*places, strict=True)):
                    new.append(change(i, e.load(place), state[i], lambda v, to=to: e.store(v, to), None))
                return [e.at(offset, BYTES), *new]

            offset, *state = e.loop(whole, [e.int(0), *carried], vector)
            for i in range(count):
                place, to = b.add(source[i], offset), b.add(ys[i], offset)
                store = lambda v, to=to: e.store_masked(v, to, rest)  # noqa: E731
                state[i] = change(i, e.load_masked(place, rest), state[i], store, rest)
            return state

        def largest(i, v, best, store, mask):
            return e.max(v if mask is None else b.select(mask, v, best), best)

        tops = over(xs, [e.const(float("-inf"))] * count, largest)
        tops = [e.splat(e.call(f"llvm.vector.reduce.fmax.v{W}f32", top, result=F32)) for top in tops]

        def powers(i, v, total, store, mask):
            away = b.fsub(v, tops[i])
            v = exp(e, away if mask is None else b.select(mask, away, zero))
            if not logs:
                store(v)
            return b.fadd(total, v if mask is None else b.select(mask, v, zero))

        totals = over(xs, [zero] * count, powers)
        totals = [e.sum(total) for total in totals]
        if logs:
            floor, totals = e.splat(least), [e.splat(e.call("llvm.log.f32", total)) for total in totals]
            tops = [b.fadd(top, total) for top, total in zip(tops, totals, strict=True)]
        else:
            inverse = [e.splat(b.fdiv(F32(1), total)) for total in totals]

        def last(i, v, nothing, store, mask):
            store(e.max(b.fsub(v, tops[i]), floor) if logs else b.fmul(v, inverse[i]))
            return nothing

        over(xs if logs else ys, [zero] * count, last)

    return softmax_rows


def rows_of(logs=False):
    """Inline: the rows [begin, end) of x (O, C, 1), to y."""
    one, four = softmax_rows(1, logs), softmax_rows(4, logs)

    @inline
    def rows(x, y, C, least, begin, end):
        o = begin
        while o + 4 <= end and C <= FEW:
            four(address(x, (o, 0, 0)), address(y, (o, 0, 0)), C, least)
            o += 4
        while o < end:
            one(address(x, (o, 0, 0)), address(y, (o, 0, 0)), C, least)
            o += 1

    return rows
