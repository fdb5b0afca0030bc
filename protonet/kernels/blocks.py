"""Between layouts: plain (N, C, H, W_) images and blocked activations (conv_blocked.py), or channels side by side.

`frame` zeroes the border that convolutions read as padding: memory is used again, so each run does.
Bound: memory; blocks of W channels x W pixels are turned over in registers.
"""

from protonet.kernels.jit import address, f32, i64, inline, intrinsic, kernel
from protonet.kernels.simd import BYTES, W, ir

N, C, H, V, X, Y, Q = "N", "C", "H", "V", "X", "Y", "Q"


def turned(e, square):
    """A W x W square of vectors, transposed: pairs n apart swap halves, for n = 1, 2, 4 ..."""
    n = 1
    while n < W:
        kept = [i if not i & n else W + i - n for i in range(W)]
        taken = [i + n if not i & n else W + i for i in range(W)]
        for i in range(W):
            if not i & n:
                a, b = square[i], square[i + n]
                square[i], square[i + n] = e.shuffle(a, b, kept), e.shuffle(a, b, taken)
        n *= 2
    return square


def loaded(e, line, mask, live):
    """A vector under a mask, or zeros where `live` is false."""
    return e.load_masked(line, e.b.and_(mask, e.splat(live)))


@intrinsic
def gather(e, x, pitch, y, channels, pixels):
    """W channels, `pitch` bytes apart, of which `channels` exist, at `pixels` <= W places, to vectors of channels."""
    b = e.b
    whole = b.and_(b.icmp_signed(">=", pixels, e.int(W)), b.icmp_signed(">=", channels, e.int(W)))
    lines = [b.add(x, b.mul(pitch, e.int(i))) for i in range(W)]
    with b.if_else(whole) as (quick, careful):
        with quick:
            for j, v in enumerate(turned(e, [e.load(line) for line in lines])):
                e.store(v, y, BYTES * j)
        with careful:
            mask = e.mask(pixels)
            lines = [loaded(e, line, mask, b.icmp_signed("<", e.int(i), channels)) for i, line in enumerate(lines)]
            for j, v in enumerate(turned(e, lines)):
                with b.if_then(b.icmp_signed("<", e.int(j), pixels)):
                    e.store(v, y, BYTES * j)


@intrinsic
def scatter(e, x, y, pitch, channels, pixels):
    """The way back: `pixels` <= W vectors, to `channels` <= W lines."""
    b = e.b
    whole = b.and_(b.icmp_signed(">=", pixels, e.int(W)), b.icmp_signed(">=", channels, e.int(W)))
    lines = [b.add(y, b.mul(pitch, e.int(i))) for i in range(W)]
    with b.if_else(whole) as (quick, careful):
        with quick:
            for i, v in enumerate(turned(e, [e.load(x, BYTES * j) for j in range(W)])):
                e.store(v, lines[i])
        with careful:
            every, mask = ir.Constant(ir.VectorType(ir.IntType(1), W), [1] * W), e.mask(pixels)
            square = []
            for j in range(W):
                live = b.icmp_signed("<", e.int(j), pixels)
                square.append(loaded(e, e.at(x, BYTES * j), every, live))
            for i, v in enumerate(turned(e, square)):
                with b.if_then(b.icmp_signed("<", e.int(i), channels)):
                    e.store_masked(v, lines[i], mask)


@intrinsic
def move(e, x, y, vectors):
    def one(_, c):
        e.store(e.load(c[0]), c[1])
        return [e.at(c[0], BYTES), e.at(c[1], BYTES)]

    e.loop(vectors, [x, y], one)


@inline
def place(task, blocks, rows):
    """Image, block and row of a task."""
    image = task // (blocks * rows)
    c = (task - image * blocks * rows) // rows
    return image, c, task - (image * blocks + c) * rows


@inline
def after(image, c, i, blocks, rows):
    """The next task's: without a division, of which each takes as long as twenty FMAs."""
    i += 1
    if i == rows:
        i = 0
        c += 1
        if c == blocks:
            c = 0
            image += 1
    return image, c, i


@kernel
def to_blocked(x: f32[N, C, H, V], y: f32[Y], yn: i64, yr: i64, yb: i64, begin, end):
    """Lanes past the last channel become 0.  A task is a row of a block."""
    N, C, H, V = x.shape
    blocks = (C + W - 1) // W
    for task in range(begin, end):
        image, c, i = place(task, blocks, H)
        for j in range((V + W - 1) // W):
            at, to = address(x, (image, c * W, i, j * W)), address(y, image * yn + c * yb + i * yr + j * W * W)
            gather(at, 4 * H * V, to, C - c * W, V - j * W)


@kernel
def to_plain(x: f32[X], y: f32[N, C, H, V], xn: i64, xr: i64, xb: i64, begin, end):
    """A task is a row of a block."""
    N, C, H, V = y.shape
    blocks = (C + W - 1) // W
    for task in range(begin, end):
        image, c, i = place(task, blocks, H)
        for j in range((V + W - 1) // W):
            to = address(y, (image, c * W, i, j * W))
            scatter(address(x, image * xn + c * xb + i * xr + j * W * W), to, 4 * H * V, C - c * W, V - j * W)


@intrinsic
def weave(e, x, pitch, y):
    """W pixels of three channels, `pitch` bytes apart, side by side."""
    red, green, blue = (e.load(e.b.add(x, e.b.mul(pitch, e.int(c)))) for c in range(3))
    for k in range(3):
        places = [divmod(k * W + lane, 3) for lane in range(W)]  # (pixel, channel)
        two = e.shuffle(red, green, [pixel + W * (channel == 1) for pixel, channel in places])
        three = [pixel + W if channel == 2 else lane for lane, (pixel, channel) in enumerate(places)]
        e.store(e.shuffle(two, blue, three), y, BYTES * k)


@kernel
def to_pixels(x: f32[N, C, H, V], y: f32[Y], yn: i64, yr: i64, begin, end):
    """Few channels, side by side: y[image][row][pixel][C].  A task is a row."""
    N, C, H, V = x.shape
    for task in range(begin, end):
        image = task // H
        i = task - image * H
        whole = V if C == 3 and V >= W else 0
        for q in range((whole + W - 1) // W):
            j = min(q * W, V - W)  # the last ones overlap
            weave(address(x, (image, 0, i, j)), 4 * H * V, address(y, image * yn + i * yr + j * 3))
        for c in range(C):
            for j in range(whole, V):
                y[image * yn + i * yr + j * C + c] = x[image, c, i, j]


@kernel
def frame(y: f32[Y], images: i64, blocks: i64, rows: i64, columns: i64, above: i64, left: i64, below: i64, right: i64,
          pixel: i64, yn: i64, yr: i64, yb: i64, begin, end):  # fmt: skip
    """Zero the border.  y[0]: the first inner pixel would be `above` rows and `left` pixels on.  A task is a block."""
    for task in range(begin, end):
        image = task // blocks
        at = image * yn + (task - image * blocks) * yb
        wide = (left + columns + right) * pixel
        for i in range(above + rows + below):
            line = at + i * yr
            if i < above or i >= above + rows:
                for j in range(wide):
                    y[line + j] = 0.0
            else:
                for j in range(left * pixel):
                    y[line + j] = 0.0
                for j in range((left + columns) * pixel, wide):
                    y[line + j] = 0.0


@kernel
def copy(x: f32[X], y: f32[Y], images: i64, blocks: i64, rows: i64, columns: i64,
         xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, begin, end):  # fmt: skip
    """Blocked to blocked.  A task is a row of a block."""
    for task in range(begin, end):
        image, c, i = place(task, blocks, rows)
        move(address(x, image * xn + c * xb + i * xr), address(y, image * yn + c * yb + i * yr), columns)


@kernel
def pick(x: f32[X], y: f32[Y], images: i64, blocks: i64, rows: i64, columns: i64, down: i64, across: i64,
         xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, begin, end):  # fmt: skip
    """Every `across`-th pixel of every `down`-th row.  A task is a row of a block."""
    for task in range(begin, end):
        image, c, i = place(task, blocks, rows)
        at, to = address(x, image * xn + c * xb + i * down * xr), address(y, image * yn + c * yb + i * yr)
        for j in range(columns):
            move(at + j * across * BYTES, to + j * BYTES, 1)


@kernel
def to_columns(x: f32[X], places: i64[Q], y: f32[Y], images: i64, image: i64, last: i64, begin, end):
    """y[place][image][W] <- x[image] at each place; the last place has only `last` lanes.  A task is a place."""
    for q in range(begin, end):
        lanes = last if q == places.shape[0] - 1 else W
        for n in range(images):
            at, to = n * image + places[q], (q * images + n) * W
            for l in range(lanes):
                y[to + l] = x[at + l]
            for l in range(lanes, W):
                y[to + l] = 0.0


@kernel
def from_columns(x: f32[X], y: f32[N, C], begin, end):
    """y[image][c] <- x[c / W][image][W].  A task is an image."""
    N, C = y.shape
    for n in range(begin, end):
        for q in range((C + W - 1) // W):
            for l in range(min(W, C - q * W)):
                y[n, q * W + l] = x[(q * N + n) * W + l]
