"""What all pooling of planes shares: the taps of W windows of a row at once, as vectors, and how planes are
cut into tasks.

With stride 1 a tap is a vector of the row, with stride 2 the even floats of two, else a gather; what lies
outside the map is given.
"""

from protonet.kernels.jit import inline
from protonet.kernels.simd import BYTES, F32, I32, I64, VECTOR, VOID, E, W, ir

COUNT = ir.VectorType(I32, W)
WORK = 4096  # windows a task, at least


def numbers(start, step):
    return ir.Constant(COUNT, [start + step * i for i in range(W)])


def below(e: E, columns, width):
    """Which columns lie in [0, width): one comparison, as negative ones are large without sign."""
    return e.b.icmp_unsigned("<", columns, e.splat(e.b.trunc(width, I32)))


def part(e: E, address, mask, other):
    """A vector; `other` where the mask is off."""
    name = f"llvm.masked.load.v{W}f32.p0"
    return e.call(name, e.pointer(address, VECTOR), I32(4), mask, e.const(other), result=VECTOR)


def spaced(e: E, line, column, width, stride, step, other):
    """Floats column, column + stride ... of a line of `width`; `other` outside.  stride 0 stands for any: step."""
    place, first = e.b.add(line, e.b.mul(column, e.int(4))), e.splat(e.b.trunc(column, I32))
    if stride:
        vectors = [
            part(e, e.at(place, BYTES * k), below(e, e.b.add(first, numbers(W * k, 1)), width), other)
            for k in range(stride)
        ]
        return vectors[0] if stride == 1 else e.shuffle(vectors[0], vectors[1], list(range(0, 2 * W, 2)))
    offsets = e.b.mul(numbers(0, 1), e.splat(e.b.trunc(step, I32)))
    mask = below(e, e.b.add(first, offsets), width)
    wide = ir.VectorType(I64, W)
    places = e.b.add(e.splat(place), e.b.shl(e.b.sext(offsets, wide), ir.Constant(wide, [2] * W)))
    pointers = e.b.inttoptr(places, ir.VectorType(F32.as_pointer(), W))
    return e.call(f"llvm.masked.gather.v{W}f32.v{W}p0", pointers, I32(4), mask, e.const(other), result=VECTOR)


def over_taps(e: E, line, pitch, rows, column, width, taps, stride, step, other, carried, visit):
    """carried = visit(i, j, vector, carried) over the taps of W windows, row by row."""

    def row(i, carried):
        line, *carried = carried

        def tap(j, carried):
            vector = spaced(e, line, e.b.add(column, j), width, stride, step, other)
            return visit(i, j, vector, carried)

        return [e.b.add(line, pitch), *e.loop(taps, carried, tap)]

    return e.loop(rows, [line, *carried], row)[1:]


def store(e: E, vector, address, n):
    """The first n floats, or int32, of a vector."""
    kind = vector.type
    name = f"llvm.masked.store.v{W}{'f' if kind == VECTOR else 'i'}32.p0"
    with e.b.if_else(e.b.icmp_signed(">=", n, e.int(W))) as (whole, some):
        with whole:
            e.b.store(vector, e.pointer(address, kind), align=4)
        with some:
            e.call(name, vector, e.pointer(address, kind), I32(4), e.mask(n), result=VOID)


@inline
def each(PH, PX):
    """Planes a task."""
    return max(1, WORK // max(1, PH * PX))


def tasks(M, PH, PX):
    return -(-M // each(PH, PX))
