"""Planner: units of a graph -> operations on cells -> steps.

Builders (one for each kind of layer that has blocked kernels) take a unit and append operations, or decline; what all
decline is emitted by its layer, on plain cells.  Conversions come in where a reader wants a form that is not there.
Operations say early what they need of halos; memory and steps come last, when all that is known.
"""

from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np

from protonet.engine import fuse, slices
from protonet.engine.layout import BLOCKED, PIXELS, PLAIN, Cell
from protonet.engine.machine import l2
from protonet.engine.memory import Pages
from protonet.engine.op import Op
from protonet.engine.tiles import NEAR
from protonet.kernels import blocks, pointwise
from protonet.runtime.step import Blob, Buffer, Emit

BUILDERS: dict = {}  # layer type -> [function(planner, unit) -> whether it took it], asked in order


def builds(*types, among=BUILDERS):
    """Enter a builder for these types of layers, to be asked before those that are there."""

    def add(function):
        for name in types:
            among.setdefault(name, []).insert(0, function)
        return function

    return add


class Forms:
    """Values in their forms: the side of a planner that inference and training share.

    cells: value -> {form: cell}; ops: what has been planned so far, to which conversions are added.
    """

    cells: dict
    ops: list

    def real(self, value):
        """The value that it is, identities aside."""
        return value

    def forms(self, value):
        return self.cells[self.real(value)]

    def give(self, value, form, **more):
        """A new cell for what an operation makes."""
        cell = Cell(value.shape, form, value.name, **more)
        self.cells.setdefault(value, {})[form] = cell
        return cell

    def give_plain(self, value):
        return self.give(value, PLAIN)

    def want(self, value, form):
        """The value in this form: as it is, or converted."""
        value = self.real(value)
        forms = self.cells[value]
        if form not in forms:
            source = forms.get(BLOCKED) or forms.get(PLAIN)
            if form != PLAIN and source.form != PLAIN:
                source = self.want(value, PLAIN)
            target = self.give_plain(value) if form == PLAIN else self.give(value, form)
            self.ops.append(Convert(value.maker.layer, [source], [target]))
        return self.cells[value][form]


class Constants:
    """What all plans of a net share: packed weights and tables, in huge pages; what random draws come from."""

    def __init__(self, seed=0):
        self.pages, self.made = Pages(), {}
        self.seed, self.runs = seed, count()

    def get(self, key, make):
        """The buffer known by this key, whose array `make` makes the first time."""
        if key not in self.made:
            array = make()
            self.made[key] = Buffer(array.shape, "own", dtype=str(array.dtype), memory=self.pages.keep(array))
        return self.made[key]

    def table(self, values):
        """int64 words; equal tables are one."""
        array = np.ascontiguousarray(values, np.int64)
        return self.get(array.tobytes(), lambda: array)


def planned(graph, constants, exact=False, tune=None):
    """The Planner of a whole graph."""
    planner = Planner(graph, constants, exact, tune)
    for node in graph.nodes:
        for value in node.outputs if node.type == "Input" else ():
            memory = Buffer(value.shape, "io", value.name)
            planner.inputs[value] = planner.give(value, PLAIN, memory=memory)
    units = [unit for unit in fuse.units(graph) if unit.type != "Input"]
    if cut := slices.choose(graph, units):
        units = slices.build(planner, units, cut)
    for unit in units:
        planner.build(unit)
    for value in graph.outputs:
        planner.outputs[value] = planner.keep(value)
    return planner


@dataclass(eq=False)
class Planner(Forms):
    """inputs: value -> its plain cell; outputs: likewise, kept to the end of a run."""

    graph: Any
    constants: Constants
    exact: bool = False
    tune: Any = None  # which of several algorithms a convolution takes, by measuring: see tune.py
    ops: list = field(default_factory=list)
    cells: dict = field(default_factory=dict)
    inputs: dict = field(default_factory=dict)
    outputs: dict = field(default_factory=dict)
    winners: dict = field(default_factory=dict)  # value -> what is there in its place: see unpooling.py
    random: Any = field(default_factory=lambda: Buffer((2,), "io", "random", "int64"))

    def __post_init__(self):
        self.alias = fuse.aliases(self.graph)
        self.weight = sum(blob.nbytes for node in self.graph.nodes for blob in node.blobs)
        self.room = l2() * 7 // 8 - self.weight

    def build(self, unit):
        builders = BUILDERS.get(unit.type, []) if all(map(fuse.understood, unit.nodes)) else []
        any(builder(self, unit) for builder in (*builders, *BUILDERS[None]))

    def afford(self, size, gain):
        """Whether weights may grow by `size` bytes for `gain` cycles: they still fit in L2 with all the others, did not
        before, or it is worth that from now on all come from L3.
        """
        fits = size <= self.room
        if fits:
            self.room -= size
        return fits or self.weight >= l2() or gain > self.weight / NEAR

    def real(self, value):
        return self.alias.get(value, value)

    def part(self, value, whole, first, before=0):
        """A place for a value inside a larger cell."""
        cell = Cell(value.shape, whole.form, value.name)
        cell.put(whole, first, before)
        return cell

    def keep(self, value):
        """The value in memory that lasts."""
        cell = self.want(value, PLAIN)
        if cell.root or cell.memory or cell in self.outputs.values():
            source, cell = cell, Cell(value.shape, PLAIN, value.name)
            self.ops.append(Convert(SimpleNamespace(name=value.name), [source], [cell]))
        cell.memory = Buffer(value.shape, "io", value.name)
        return cell

    def steps(self):
        """What a run does."""
        to = Lowering(self)
        for op in self.ops:
            to.begin(op)
            op.lower(to)
        foresee(to.emit.steps)
        return to.emit.steps


class Lowering:
    """Emits steps.  last[cell]: the last operation that reads a cell that lies by itself."""

    def __init__(self, planner):
        self.constants, self.framed = planner.constants, set()
        self.emit = Emit(random=planner.random)
        self.last = {}
        for op in planner.ops:
            for cell in (*op.reads, *op.writes):
                cell.top.need(*cell.halo)
            for cell in op.reads:
                self.last[cell.top] = op

    def begin(self, op):
        self.emit.of(op.layer)

    def write(self, cell):
        """A cell that is about to be written, with its border zeroed; returns it."""
        top = cell.top
        if top.form != PLAIN and any(top.halo) and top not in self.framed:
            above, left, below, right = top.halo
            count, n = (1, top.pixel) if top.form == PIXELS else (top.blocks, top.pixel)
            places = top.image, top.row, top.block
            whole = top.buffer.seen(top.buffer.count)
            args = top.images, count, top.rows, top.columns, above, left, below, right, n, *places
            self.emit(blocks.frame, whole, *args, tasks=top.images * count)
        self.framed.add(top)
        return cell

    def take_over(self, old, new, op):
        """Let `new` have the memory of `old`, which `op` reads as the last, if they lie alike.  Whether it may."""
        alone = old.root is None and new.root is None and new.memory is None
        if not alone or self.last.get(old) is not op or not old.like(new) or old.buffer.kind != "arena":
            return False
        new.memory = old.buffer
        self.framed.add(new)
        return True


def foresee(steps):
    """Tell each step that has time to fetch weights where the next ones are."""
    following = None
    for step in reversed(steps):
        if not step.host and "following" in step.kernel.arrays:
            at = step.kernel.arrays.index("following")
            own = step.views[at].buffer
            step.views[at] = following or own.seen(1)
            step.buffers[at] = step.views[at].buffer
            following = own.seen(1)


class Convert(Op):
    """The same value in another form."""

    def lower(self, to):
        (x,), (y,) = self.reads, self.writes
        if y.form == PLAIN and x.form == PLAIN:
            to.emit(pointwise.copy, plain(x), plain(y), tasks=pointwise.tasks(y.shape))
        elif y.form == PLAIN:
            line = x.blocks * x.block == x.image and x.block == x.pixel and x.shape[1] % x.pixel == 0
            if line and y.memory is None and x.root is None:  # one place: blocks of channels are the channels
                y.put(x, 0)
                return
            n = y.images * x.blocks * x.rows
            to.emit(blocks.to_plain, x.view(), plain(y), *x.strides, tasks=n)
        elif y.form == BLOCKED:
            y = to.write(y)
            to.emit(blocks.to_blocked, plain(x), y.view(), *y.strides, tasks=y.images * y.blocks * y.rows)
        else:
            y = to.write(y)
            to.emit(blocks.to_pixels, plain(x), y.view(), y.image, y.row, tasks=y.images * y.rows)


def plain(cell):
    """A plain cell as a blob of its shape."""
    return Blob(cell.buffer.seen(*cell.shape, start=cell.start))


def key(values):
    """What tells arrays apart: graphs of other shapes share theirs."""
    return id(values) if isinstance(values, np.ndarray) else float(values)
