"""The weights' gradient of a convolution: which algorithm, and how its kernels are cut into tasks.

direct      conv_weights.py: any window
winograd    winograd_weights.py: windows of 3 x 3 and 5 x 5, stride 1, unless `exact`
"""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from protonet.engine.choose import FEW_GROUPS
from protonet.engine.layout import BLOCKED, PIXELS
from protonet.engine.machine import l2
from protonet.engine.op import Op
from protonet.engine.pack import up
from protonet.kernels import conv_weights, winograd, winograd_weights
from protonet.kernels.conv_weights import INPUTS, SUMS
from protonet.kernels.simd import W
from protonet.kernels.winograd_forms import FORMS, planes
from protonet.runtime.step import Buffer

NEAR = 24 << 10  # bytes of lines that stay in L1 while all parts see them
LONG = 12544  # pixels that are added one by one, at most: rounding grows with their number
SHORT = 512  # pixels of a chunk, at least, before parts and outputs are cut instead
TASKS = 16  # at least, where work can be cut into so many
POINTS = 6  # an axis, at most: forms of eight lose a digit that training wants
HELD = 4 << 20  # bytes of transformed numbers at a time: they stay in L3 (measured: 2 to 8 MB are equally fast)
FORTH, BACK = 8, 4  # cycles a plane to transform a vector of x or dy, of sums
SHARE = 0.8  # of FMAs in the time of products of few pixels


@dataclass(eq=False)
class Weights(Op):
    """dw += the gradient of the weights.  reads: x, dy."""

    window: Any
    groups: int
    dw: Any  # (K, C, kh, kw)
    exact: bool = False
    form: tuple[int, int] = field(default=(0, 0), init=False)

    def __post_init__(self):
        (x, dy), w = self.reads, self.window
        square = w.kernel[0] == w.kernel[1] and w.stride == w.dilation == (1, 1)
        if square and not self.exact and x.form == BLOCKED and self.groups <= FEW_GROUPS and self.sizes[1] >= INPUTS:
            forms = [form for form in FORMS if form[1] == w.kernel[0] and sum(form) - 1 <= POINTS]
            self.form = min([(0, 0), *forms], key=self.cost)
        if m := self.form[0]:
            rows, columns = up(dy.rows, m), up(dy.columns, m)
            dy.need(0, 0, rows - dy.rows, columns - dy.columns)
            below, right = (n + w.kernel[0] - 1 - w.before[i] - x.shape[2 + i] for i, n in enumerate((rows, columns)))
            x.need(*w.before, below, right)

    @property
    def sizes(self):
        """K and C of a group, places of the window."""
        K, C, *window = self.dw.shape
        return K // self.groups, C, prod(window)

    @property
    def vecs(self):
        """Vectors of outputs in a group."""
        blocks = self.reads[1].blocks
        return blocks // self.groups if self.groups > 1 else blocks

    def cost(self, form):
        """Cycles of a group."""
        _, dy = self.reads
        _, C, T = self.sizes
        products = C * self.vecs / SHARE
        if not form[0]:
            return dy.images * dy.rows * dy.columns * T * products
        down, across = self.tiles(form)
        moved = FORTH * (-(-C // W) + self.vecs)
        return planes(form) * (dy.images * down * across * (products + moved) + C * self.vecs * BACK)

    def tiles(self, form):
        """(down, across) of an image."""
        _, dy = self.reads
        return -(-dy.rows // form[0]), -(-dy.columns // form[0])

    def lower(self, to):
        self.lower_winograd(to) if self.form[0] else self.lower_direct(to)

    def collect(self, to, sums, order, chunks, places):
        """Adds the sums of all chunks to dw."""
        K, C, T = self.sizes
        dw, table = self.dw.seen(self.groups, K, C * T), to.constants.table(order)
        sides = conv_weights.sides(self.vecs)
        to.emit(conv_weights.collect, sums, table, dw, chunks, sides, places, tasks=self.groups * -(-K // W))

    def lower_winograd(self, to):
        (x, dy), form, G, vecs = self.reads, self.form, self.groups, self.vecs
        _, C, T = self.sizes
        down, across = self.tiles(form)
        ins = x.blocks // G if G > 1 else x.blocks
        size = 4 * planes(form) * W * (ins + vecs) * down * across
        chunks = -(-dy.images // max(1, HELD // size))
        images = -(-dy.images // chunks)
        chunks = -(-dy.images // images)
        parts, sides, places = -(-C // INPUTS), conv_weights.sides(vecs), up(C, INPUTS) * T
        sums = Buffer((chunks * G * vecs * places * W,), "arena", f"{self.layer.name} sums")
        vectors = -(-vecs // sides)
        much = 1
        many = max(1, min(parts, l2() // 2 // winograd_weights.room(form, vectors)))
        while -(-parts // many) * sides < TASKS // 2 and many > W // INPUTS:
            many = -(-many // 2)
        tasks, private = -(-parts // many) * -(-sides // much), many * much * winograd_weights.room(form, vectors)
        for chunk in range(chunks):
            first = chunk * images
            count = min(images, dy.images - first)
            tiles = count * down * across
            v, d = (
                Buffer((winograd.room(form, tiles, n),), "arena", f"{self.layer.name} {name}")
                for n, name in ((ins, "inputs"), (vecs, "gradients"))
            )
            for g in range(G):
                at = x.view(-self.window.before[0], -self.window.before[1], g * ins)
                start = first * x.image
                at = at.seen(at.count - start, start=start)
                args = count, down, across, tiles, ins, *x.strides
                to.emit(winograd.TRANSFORM[form], at, v, *args, tasks=ins * count * down)
                at, start = dy.view(block=g * vecs), first * dy.image
                at = at.seen(at.count - start, start=start)
                args = count, down, across, tiles, vecs, *dy.strides
                to.emit(winograd_weights.TRANSFORM[form], at, d, *args, tasks=vecs * count * down)
                start = (chunk * G + g) * vecs * places * W
                out = sums.seen(vecs * places * W, start=start)
                args = ins, vecs, parts, sides, tiles, many, much
                kernel = winograd_weights.products(form, vecs, sides)
                to.emit(kernel, v, d, out, *args, tasks=tasks, private=private)
        self.collect(to, sums, list(range(C * T)), chunks, places)

    def lower_direct(self, to):
        (x, dy), w, G, vecs = self.reads, self.window, self.groups, self.vecs
        sides = conv_weights.sides(vecs)
        inputs, parts, order, places, step, each = self.parts(-(-vecs // sides))
        rows, columns, xr, yr = self.lines()
        many, much, chunk, lines = self.cut(len(parts), each, inputs, rows, columns)
        chunks, bunches, heaps = -(-dy.images * rows // chunk), -(-len(parts) // many), -(-sides // much)
        sums = Buffer((chunks * G * vecs * places * W,), "arena", f"{self.layer.name} sums")
        xg = x.blocks // G * x.block if G > 1 else 0
        (xn, _, _), (yn, _, yb) = x.strides, dy.strides
        start = x.view(-w.before[0], -w.before[1])
        args = G, vecs, sides, places, step, each, many, much, dy.images, rows, columns, chunk, lines
        strides = xg, xn, xr, w.stride[1] * x.pixel, yn, yr, yb
        table = to.constants.table(parts).seen(len(parts), 2)
        tasks = chunks * G * heaps * bunches
        to.emit(conv_weights.weights(inputs, vecs), start, table, dy.view(), sums, *args, *strides, tasks=tasks)
        self.collect(to, sums, order, chunks, places)

    def lines(self):
        """(rows, columns, floats to the next row of x, of dy): where all is one line, a cut of it into short ones."""
        (x, dy), w = self.reads, self.window
        if w.kernel == w.stride == (1, 1) and x.dense and dy.dense and x.shape[2:] == dy.shape[2:]:
            whole = dy.rows * dy.columns
            rows = next(n for n in range(1, whole + 1) if whole % n == 0 and whole // n <= 128)
            return rows, whole // rows, whole // rows * x.pixel, whole // rows * W
        return dy.rows, dy.columns, x.row * w.stride[0], dy.row

    def parts(self, vectors):
        """(numbers in a part, where each part begins and its sums, the place of the sums of each (c, t), places,
        places between a part's numbers, parts that look at the same numbers).
        """
        x, w = self.reads[0], self.window
        (kh, kw), (_, C, T) = w.kernel, self.sizes
        down, across = [i * w.dilation[0] * x.row for i in range(kh)], [j * w.dilation[1] * x.pixel for j in range(kw)]
        if x.form == PIXELS and w.dilation[1] == 1:
            wide = kw * C
            inputs = inputs_of(wide, vectors)
            pitch = up(wide, inputs)
            parts = [(row + s, i * pitch + s) for i, row in enumerate(down) for s in range(0, wide, inputs)]
            order = [i * pitch + j * C + c for c in range(C) for i in range(kh) for j in range(kw)]
            return inputs, parts, order, kh * pitch, 1, len(parts)
        lanes = INPUTS if x.form != PIXELS or C > INPUTS else C
        parts = [
            (c // x.pixel * x.block + c % x.pixel + row + column, c * T + i * kw + j)
            for b in range(0, C, x.pixel)
            for i, row in enumerate(down)
            for j, column in enumerate(across)
            for c in range(b, min(b + x.pixel, C), lanes)
        ]
        each = T * -(-min(x.pixel, C) // lanes)
        return lanes, parts, list(range(C * T)), up(C, lanes) * T, T, each

    def cut(self, count, each, inputs, rows, columns):
        """(parts a task, sides a task, lines a task, lines at a time)."""
        (x, dy), w, sides = self.reads, self.window, conv_weights.sides(self.vecs)
        wide = -(-self.vecs // sides)
        seen = prod(map(min, w.kernel, w.stride)) * x.pixel  # numbers of x that come with a pixel
        lines = max(1, NEAR // (4 * (W * wide + seen)) // columns)
        total = dy.images * rows
        many = min(count, max(1, l2() // 4 // (4 * W * inputs * wide * each)) * each)
        much = max(1, min(sides, l2() // 4 // (4 * W * inputs * wide * many)))
        chunks = max(1, -(-total * columns // LONG))
        wanted = -(-TASKS // (self.groups * -(-count // many) * -(-sides // much)))
        chunks = max(chunks, min(wanted, total * columns // SHORT))
        wanted = -(-TASKS // (self.groups * chunks))
        if -(-count // many) * -(-sides // much) < wanted:
            many = max(1, min(many, count // min(wanted, max(1, count // each)) // each)) * each
            many = min(many, count)
            much = max(1, min(much, sides // -(-wanted // -(-count // many))))
        chunk = -(-total // chunks)
        if chunk > rows:
            chunk = up(chunk, rows)
        elif chunk < rows:
            chunk = next(n for n in range(chunk, rows + 1) if rows % n == 0)
        lines = min(lines, chunk)
        if lines > rows:
            lines = lines // rows * rows
        elif lines < rows and chunk < rows:
            lines = next(n for n in range(lines, 0, -1) if chunk % n == 0)
        return many, much, chunk, lines


def inputs_of(wide, vectors):
    """Numbers of a part of a window's row, with the least left over."""
    return min(range(4, SUMS // vectors + 1), key=lambda n: (-(-wide // n) * (n * vectors + 2), -n))
