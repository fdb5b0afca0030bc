"""Blocked convolution: one register tile for every window, stride, dilation and number of channels.

Activations lie in blocks of W channels, [image][C / W][row][pixel][W], with a border of zeros where readers want one;
weights as [K / W][C / W][kh][kw][W in][W out].  A tile is `pixels` neighbouring outputs x `vectors` vectors of output
channels, all in registers: each input channel costs `vectors` loads, and a broadcast and `vectors` FMAs a pixel.
What a tile reads is a table: runs of `lanes` inputs, one for each channel block and place of the window.

Bound: FMA throughput.  What matters, measured (AVX-512, share of the FMA peak):
* The distance between a tile's pixels is a constant of the code (`step`), so that one pointer reaches all of them:
  97 %; with a pointer for each pixel 14 x 1 falls to 80 %.
* A broadcast is an operand of the FMA there, so one vector of channels suffices, and its short end pays where C is
  small: 16 -> 64 channels run at 85 % with 14 x 1, at 80 % with 14 x 2.  With 16 registers 6 x 2 is best: 96 %.
* All sums of a tile are stored at once, to lines that come from L3.  With AVX-512 at half rate (Zen 4) seven are enough
  to keep it busy, and are stored beside the next tile's products: 64 -> 64 channels at 98 % with 7 x 1, at 94 % with
  14 x 2; 16 -> 96 at 90 % with 7 x 3, at 75 % with 14 x 2.
* Where 16 floats take two goes, 8 take one: 24 outputs as one vector and half a one, at 83 % (70 as two whole ones).
  Each size has broadcasts of its own: taking one as the lower half of the other costs a fifth.
* NEON (read in LLVM's code, not measured) multiplies by a lane: a pixel's inputs are one load for four channels.  Of
  broadcasts LLVM brings too many forward: 14 x 2 and even 8 x 2 had sums on the stack.
* Three nested loops (blocks, rows, columns of the window) in place of the table cost 4 %, choosing the activation at
  run time 3 %.
Any tile may end beyond its row: it reads what lies there and stores only `count` pixels.
"""

from functools import cache

from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.simd import BY_LANE, BYTES, W, ir

X, P, B, R, Y, J = "X", "P", "B", "R", "Y", "J"
LINE, AHEAD = 64, 4  # bytes; tiles
BELOW, CLAMP, SLOPES = "below", "clamp", "slopes"  # max(v, lo); that and min(v, hi); v * slope[k] where v < 0


def tile(pixels, vectors, half=False, lanes=W, step=W, act=BELOW, out=W):
    """Writes one tile; half: the last vector has only its first W / 2 channels, and zeros.  Distances in bytes.

    x: first input of the first pixel; w: weights of the first vector, wv on to the next; yv, rv: from one vector of
    outputs to the next; r: what is added, or 0; runs, n: the table, of the ways from run to run, and its length;
    ahead: weights that will be wanted soon, brought to L2 on the way.
    (With a table of places, added to x, LLVM makes each broadcast x[place + ...], of two registers: 15 % slower.)
    """
    each = [(p, v) for p in range(pixels) for v in range(vectors)]
    wide = [W // 2 if half and v == vectors - 1 else W for v in range(vectors)]

    def tile(e, x, runs, n, w, wv, ahead, bias, slope, r, rv, y, yv, lo, hi, count):
        b, lines = e.b, soon(pixels, lanes, vectors)

        def run(_, c):
            at, runs, w, ahead, *acc = c
            for line in range(lines):
                e.prefetch(ahead, LINE * line, locality=2)
            acc = multiplied(e, acc, at, w, wv, each, lanes, step, wide)
            return [b.add(at, e.word(runs)), e.at(runs, 8), e.at(w, BYTES * lanes), e.at(ahead, LINE * lines), *acc]

        _, _, _, _, *sums = e.loop(n, [x, runs, w, ahead, *started(e, each, wide, bias, r, rv, out)], run)
        sums = [
            s if wide[v] == W else e.shuffle(s, zeros(s), [*range(W)]) for s, (_, v) in zip(sums, each, strict=True)
        ]
        sums = activated(e, sums, each, slope, lo, hi, act)
        lines = [b.add(y, b.mul(yv, e.int(v))) for v in range(vectors)]
        with b.if_else(b.icmp_signed(">=", count, e.int(pixels))) as (whole, part):
            with whole:
                for total, (p, v) in zip(sums, each, strict=True):
                    e.store(total, lines[v], 4 * out * p)
            with part:
                for p in range(pixels - 1):
                    with b.if_then(b.icmp_signed("<", e.int(p), count)):
                        for v in range(vectors):
                            e.store(sums[p * vectors + v], lines[v], 4 * out * p)

    return tile


def zeros(vector):
    return ir.Constant(vector.type, [0.0] * vector.type.count)


def soon(pixels, lanes, vectors):
    """Cache lines of the next weights to fetch in a run: all in AHEAD tiles; none where memory is the limit."""
    return max(1, lanes * vectors * BYTES // LINE // AHEAD) if lanes == W and pixels > 1 else 0


def multiplied(e, acc, at, w, wv, each, lanes, step, wide=None):
    """The sums after `lanes` input channels; wide: floats of each vector, where not all are whole."""
    acc, wide = list(acc), wide or [W] * (each[-1][1] + 1)
    by_lane = BY_LANE and set(wide) == {W}
    many = {p: e.broadcasts(at, lanes, 4 * p * step) for p, _ in each[:: len(wide)]} if by_lane else {}
    for u in range(lanes):
        weights = [e.load(e.b.add(w, e.b.mul(wv, e.int(v))), BYTES * u, n) for v, n in enumerate(wide)]
        if by_lane:
            one = {(p, W): lane[u] for p, lane in many.items()}
        else:
            one = {(p, n): e.broadcast(at, 4 * (p * step + u), n) for p, _ in each for n in set(wide)}
        acc = [e.fma(one[p, wide[v]], weights[v], a) for a, (p, v) in zip(acc, each, strict=True)]
    return acc


def started(e, each, wide, bias, r, rv, out):
    """What the sums begin with: the bias, and r if there is one."""
    b = e.b
    biases = [e.load(bias, BYTES * v, n) for v, n in enumerate(wide)]
    plain = [biases[v] for _, v in each]
    before, more, begin = b.block, b.append_basic_block("add"), b.append_basic_block("begin")
    b.cbranch(b.icmp_signed("!=", r, e.int(0)), more, begin)
    b.position_at_end(more)
    lines = [b.add(r, b.mul(rv, e.int(v))) for v in range(len(wide))]
    added = [b.fadd(biases[v], e.load(lines[v], 4 * out * p, wide[v])) for p, v in each]
    b.branch(begin)
    b.position_at_end(begin)
    sums = []
    for one, other in zip(plain, added, strict=True):
        sums.append(b.phi(one.type))
        sums[-1].add_incoming(one, before)
        sums[-1].add_incoming(other, more)
    return sums


def activated(e, sums, each, slope, lo, hi, act):
    if act == SLOPES:
        zero, slopes = e.const(0), [e.load(slope, BYTES * v) for v in range(each[-1][1] + 1)]
        return [e.fma(slopes[v], e.min(s, zero), e.max(s, zero)) for s, (_, v) in zip(sums, each, strict=True)]
    least, most = e.splat(lo), e.splat(hi)
    sums = [e.max(s, least) for s in sums]
    return [e.min(s, most) for s in sums] if act == CLAMP else sums


def rests(vectors):
    """How wide the tiles are that do what is left of a group's vectors."""
    return (2, 1) if vectors == 3 else (1,)


def tiles(shapes, *how):
    """An intrinsic: the tile of that shape, (pixels, vectors, half), which `which` counts."""
    known = [tile(*shape, *how) for shape in shapes]

    @intrinsic
    def tiles(e, which, x, runs, n, w, wv, ahead, bias, slope, r, rv, y, yv, lo: f32, hi: f32, count):
        for i, one in enumerate(known):
            with e.b.if_then(e.b.icmp_signed("==", which, e.int(i))):
                one(e, x, runs, n, w, wv, ahead, bias, slope, r, rv, y, yv, lo, hi, count)

    return tiles


@cache
def make(pixels, vectors, lanes, step, act, out, half):
    widths = list(dict.fromkeys((vectors, *rests(vectors))))
    shapes = [(pixels, v, h) for h in ((False, True) if half else (False,)) for v in widths]
    halves, two = len(widths) if half else 0, vectors == 3
    one = tiles(shapes, lanes, step, act, out)
    reach = LINE * soon(pixels, lanes, vectors)

    def conv(
        x: f32[X], runs: i64[J], w: f32[P], bias: f32[B], slope: f32[B], r: f32[R], y: f32[Y],
        following: f32[1], groups: i64, vecs: i64, images: i64, rows: i64, columns: i64, chunk: i64,
        xg: i64, xn: i64, xr: i64, yn: i64, yr: i64, yb: i64, rn: i64, rr: i64, rb: i64,
        add: i64, lo: f32, hi: f32, begin, end
    ):  # fmt: skip
        """y <- activation(x * w + bias + r).  A task is `vectors` vectors of channels of `chunk` tiles of a group.

        vecs: vectors of output channels in a group.  xg: floats to the next group's inputs; xn, xr: to the next image,
        to the next output's row; yn, yr, yb: the same of y, and to the next block of channels; rn, rr, rb: of r.
        following: the weights of the next step that has any.
        """
        across = (columns + pixels - 1) // pixels
        many = images * rows * across
        parts = (vecs + vectors - 1) // vectors
        chunks = (many + chunk - 1) // chunk
        n = runs.shape[0]
        size = n * lanes * W
        for task in range(begin, end):
            g = task // (chunks * parts)
            c = (task - g * chunks * parts) // parts
            k = g * vecs + (task - (g * chunks + c) * parts) * vectors
            stop = min(k + vectors, (g + 1) * vecs)
            if stop < (g + 1) * vecs or (c == chunks - 1 and g < groups - 1):
                next_ = address(w, stop * size)
            else:
                next_ = address(w, g * vecs * size) if c < chunks - 1 else address(following, 0)
            while k < stop:
                which = 0 if stop - k == vectors else 1 if not two or stop - k == 2 else 2
                after = k + (vectors if which == 0 else 2 if two and which == 1 else 1)
                which += halves if after == (g + 1) * vecs else 0
                px, py, pr = address(x, g * xg), address(y, k * yb), address(r, k * rb) * add
                pw, pb, ps, table = address(w, k * size), address(bias, k * W), address(slope, k * W), address(runs, 0)
                t = c * chunk
                last = min(t + chunk, many)
                line = t // across
                j = (t - line * across) * pixels
                image = line // rows
                i = line - image * rows
                ahead = i64(0)
                while t < last:
                    at = px + 4 * (image * xn + i * xr + j * step)
                    to = py + 4 * (image * yn + i * yr + j * out)
                    old = pr + add * 4 * (image * rn + i * rr + j * out)
                    count = columns - j
                    end_of_line = min(last, t + (count + pixels - 1) // pixels)
                    while t < end_of_line:
                        soon = next_ + ahead
                        one(which, at, table, n, pw, 4 * size, soon, pb, ps, old, 4 * rb, to, 4 * yb, lo, hi, count)
                        at += 4 * pixels * step
                        to += 4 * pixels * out
                        old += add * 4 * pixels * out
                        count -= pixels
                        t += 1
                        ahead += reach * n
                        if ahead >= 4 * vectors * size:
                            ahead = 0
                    j = 0
                    i += 1
                    if i == rows:
                        i = 0
                        image += 1
                k = after

    conv.__name__ = name(pixels, vectors, lanes, step, out, int(half), act)
    return kernel(conv, out="y", y="r")


def name(*parts):
    return "conv_" + "_".join(map(str, parts))


def conv(pixels, vectors, lanes=W, step=W, act=BELOW, out=W, half=False):
    """The kernel with this tile.  step, out: floats between the inputs of neighbouring outputs, and between these.

    half: each group's last vector of outputs has W / 2 channels at most, and costs half where that many go at once.
    """
    return make(pixels, vectors, lanes, step, act, out, bool(half))


def named(wanted):
    """The kernel of this name, for processes that compile."""
    *numbers, act = wanted.rpartition(".")[2].removeprefix("conv_").split("_")
    pixels, vectors, lanes, step, out, half = map(int, numbers)
    return conv(pixels, vectors, lanes, step, act, out, half)
