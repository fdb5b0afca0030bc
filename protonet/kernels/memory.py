"""Moving floats: working memory on the stack, and copies of runs and blocks as packing needs them.  Addresses
in bytes.

Nothing outside what is asked for is read or written: ends are done in smaller vectors or under masks.
"""

from protonet.kernels.jit import f32, i64, inline
from protonet.kernels.simd import BYTES, F32, I8, E, W, intrinsic, ir

HALF = W // 2


def stack(size):
    """An intrinsic: the address of `size` bytes that live as long as the kernel's call, aligned to 64."""

    @intrinsic
    def stack(e) -> i64:
        with e.b.goto_entry_block():
            place = e.b.alloca(ir.ArrayType(I8, size))
            place.align = 64
        return e.b.ptrtoint(place, ir.IntType(64))

    return stack


@intrinsic
def get(e, address) -> f32:
    return e.scalar(address)


@intrinsic
def put(e, address, value: f32):
    e.b.store(value, e.pointer(address, F32), align=4)


def parts(e: E, n, move):
    """move(offset, width) over n floats: whole vectors, then halves of halves."""

    def vector(i, carried):
        move(carried[0], W)
        return [e.b.add(carried[0], e.int(BYTES))]

    (offset,) = e.loop(e.b.ashr(n, e.int(W.bit_length() - 1)), [e.int(0)], vector)
    size = W // 2
    while size:
        bit = e.b.and_(n, e.int(size))
        with e.b.if_then(e.b.icmp_signed("!=", bit, e.int(0))):
            move(offset, size)
        offset = e.b.add(offset, e.b.mul(bit, e.int(4)))
        size //= 2


def some(e: E, address, offset, width):
    return e.pointer(e.b.add(address, offset), ir.VectorType(F32, width))


@intrinsic
def copy(e, to, source, n):
    """to[:n] <- source[:n]."""
    parts(e, n, lambda at, w: e.b.store(e.b.load(some(e, source, at, w), align=4), some(e, to, at, w), align=4))


@intrinsic
def mirror(e, to, last, n):
    """to[i] <- last[-i] for i < n."""

    def move(at, w):
        v = e.b.load(some(e, e.b.sub(e.at(last, 4 * (1 - w)), at), e.int(0), w), align=4)
        e.b.store(e.shuffle(v, v, list(reversed(range(w)))), some(e, to, at, w), align=4)

    parts(e, n, move)


@intrinsic
def fill(e, to, value: f32, n):
    """to[:n] <- value."""
    vector = e.splat(value)

    def move(at, w):
        v = vector if w == W else e.shuffle(vector, vector, list(range(w)))
        e.b.store(v, some(e, to, at, w), align=4)

    parts(e, n, move)


def over(e: E, n, count, to, pitch, source, step, move):
    """move(to, source, left, at) for vector `at` (bytes) of n floats, of each of `count` lines; left: floats
    from there on."""

    def vector(i, carried):
        at, left = carried

        def line(k, places):
            move(e.b.add(places[0], at), places[1], left, at)
            return [e.b.add(places[0], pitch), e.b.add(places[1], step)]

        e.loop(count, [to, source], line)
        return [e.b.add(at, e.int(BYTES)), e.b.sub(left, e.int(W))]

    e.loop(e.b.ashr(e.b.add(n, e.int(W - 1)), e.int(W.bit_length() - 1)), [e.int(0), n], vector)


@intrinsic
def copy_lines(e, to, pitch, source, step, n, count):
    """to[i, :n] <- source[i, :n] for i < count.  Written in whole vectors: up to W - 1 zeros after the end of
    each line."""

    def move(to, source, left, at):
        e.store(e.load_masked(e.b.add(source, at), e.mask(left)), to)

    with e.b.if_else(e.b.icmp_signed("<=", n, e.int(HALF))) as (then, other):
        with then:  # half vectors: fewer of them cross a cache line
            mask = e.shuffle(e.mask(n), e.mask(n), list(range(HALF)))
            kind = ir.VectorType(F32, HALF)
            zero = ir.Constant(kind, [0.0] * HALF)

            def line(k, places):
                name = f"llvm.masked.load.v{HALF}f32.p0"
                v = e.call(name, e.pointer(places[1], kind), ir.IntType(32)(4), mask, zero, result=kind)
                e.b.store(v, e.pointer(places[0], kind), align=4)
                return [e.b.add(places[0], pitch), e.b.add(places[1], step)]

            e.loop(count, [to, source], line)
        with other:
            over(e, n, count, to, pitch, source, step, move)


@intrinsic
def copy_even_lines(e, to, pitch, source, step, n, count):
    """to[i, j] <- source[i, 2 j]: two vectors made one."""

    def move(to, source, left, at):
        place, floats = e.b.add(source, e.b.mul(at, e.int(2))), e.b.sub(e.b.mul(left, e.int(2)), e.int(1))
        a = e.load_masked(place, e.mask(floats))
        b = e.load_masked(place, e.mask(e.b.sub(floats, e.int(W))), BYTES)
        e.store(e.shuffle(a, b, list(range(0, 2 * W, 2))), to)

    over(e, n, count, to, pitch, source, step, move)


@intrinsic
def clear_lines(e, to, pitch, n, count):
    """to[i, :n] <- 0, and up to W - 1 floats after the end of each line."""
    over(e, n, count, to, pitch, to, pitch, lambda to, source, left, at: e.store(e.const(0), to))


@intrinsic
def add_lines(e, to, pitch, source, step, n, count):
    """to[i, :n] += source[i, :n] for i < count, nothing else is touched; source may be read in whole vectors."""

    def masked(to, source, left, at):
        mask = e.mask(left)
        total = e.b.fadd(e.load_masked(to, mask), e.load(e.b.add(source, at)))
        e.store_masked(total, to, mask)

    def line(k, places):
        def move(at, w):
            place = some(e, places[0], at, w)
            total = e.b.fadd(e.b.load(place, align=4), e.b.load(some(e, places[1], at, w), align=4))
            e.b.store(total, place, align=4)

        parts(e, n, move)
        return [e.b.add(places[0], pitch), e.b.add(places[1], step)]

    if W == 16:
        over(e, n, count, to, pitch, source, step, masked)
    else:  # masked stores are slow on AMD, and many instructions elsewhere
        e.loop(count, [to, source], line)


def turned(e: E, block):
    """A W x W block of vectors, transposed: pairs n apart swap halves, for n = 1, 2, 4 ..."""
    n = 1
    while n < W:
        kept = [i if not i & n else W + i - n for i in range(W)]
        taken = [i + n if not i & n else W + i for i in range(W)]
        for i in range(W):
            if not i & n:
                x, y = block[i], block[i + n]
                block[i], block[i + n] = e.shuffle(x, y, kept), e.shuffle(x, y, taken)
        n *= 2
    return block


@intrinsic
def flip_whole(e, to, pitch, source, line):
    block = turned(e, [e.load(e.b.add(source, e.b.mul(e.int(i), line))) for i in range(W)])
    for j in range(W):
        e.store(block[j], e.b.add(to, e.b.mul(e.int(j), pitch)))


@intrinsic
def flip_part(e, to, pitch, source, line, rows, columns):
    b = e.b
    mask, last = e.mask(columns), b.sub(rows, e.int(1))
    place, block = source, []
    for i in range(W):
        block.append(e.load_masked(place, mask))
        place = b.select(b.icmp_signed("<", e.int(i), last), b.add(place, line), place)
    block = turned(e, block)
    for j in range(W):
        with b.if_then(b.icmp_signed("<", e.int(j), columns)):
            e.store(block[j], b.add(to, b.mul(e.int(j), pitch)))


@inline
def flip(to, pitch, source, line, rows, columns):
    """to[j, i] <- source[i, j] for i < rows, j < columns, any number of both, in blocks turned in registers.

    Blocks of rows are done last to first.  Each row of `to` is written in whole vectors: up to W - 1 floats
    after its end, holding copies of its last number; where lines of `to` are closer than that, the next
    line's start is written after it.
    """
    i = (rows - 1) // W * W
    while i >= 0:
        j = i64(0)
        while j < columns:
            place, block = to + j * pitch + 4 * i, source + i * line + 4 * j
            if rows - i >= W and columns - j >= W:
                flip_whole(place, pitch, block, line)
            else:
                flip_part(place, pitch, block, line, min(rows - i, W), min(columns - j, W))
            j += W
        i -= W
