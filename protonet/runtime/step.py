"""Steps: what a net computes, as kernel calls on buffers that have no memory yet.

A layer writes  emit(kernel, x, y, eps, tasks=C)  and nothing runs.  A buffer with more axes than the kernel
declares is seen with its last axes joined, one with fewer as having ones: (N, C, H, W) is [N, C, S] and [M].
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any
from zlib import crc32

import numpy as np

from protonet.runtime import limit

SMALL = 32 * 1024  # bytes: less is quicker done by one thread than shared
ALIGN = 64


@dataclass(eq=False)
class Buffer:
    """Memory to be.  `kind` says how the plan places it:

    own: it has its own; param, io, arena: its own in an exact plan, in a packed one a place in the memory of that kind;
    scratch: of use in one pass of one layer; fault: words for a kernel to report a bad value in.
    """

    shape: tuple[int, ...]
    kind: str = "arena"
    name: str = ""
    dtype: str = "float32"
    memory: np.ndarray | None = None  # flat, once it has its own
    text: str = ""  # of a fault: what DataError says
    alone: bool = False  # a plan does not let it take the place of what its maker reads

    start = 0  # as a View has

    @property
    def buffer(self):
        return self

    @property
    def count(self):
        return prod(self.shape)

    @property
    def itemsize(self):
        return SIZES[self.dtype]

    @property
    def nbytes(self):
        return SIZES[self.dtype] * prod(self.shape)

    def own(self):
        """Its own memory, zeroed and aligned; made once, and paged in by the system where it is touched."""
        if self.memory is None:
            limit.need(self.nbytes, f"memory '{self.name}' of shape {self.shape}")
            self.memory = aligned(self.nbytes).view(self.dtype)
        return self.memory

    def seen(self, *shape, start=0):
        """The same memory with other axes, `start` elements on."""
        return View(self, shape, start)


SIZES = {name: np.dtype(name).itemsize for name in ("float32", "float64", "int32", "int64", "uint8", "uint32")}


@dataclass(eq=False)
class View:
    """Part of a buffer, from element `start` on, as an array of this shape."""

    buffer: Buffer
    shape: tuple[int, ...]
    start: int = 0

    @property
    def dtype(self):
        return self.buffer.dtype

    @property
    def count(self):
        return prod(self.shape)

    def seen(self, *shape, start=0):
        return View(self.buffer, shape, self.start + start)


@dataclass(eq=False)
class Blob:
    """A value and its gradient (None if nobody asks for it): buffers, or views of them."""

    data: Buffer | View
    diff: Buffer | View | None = None

    @property
    def shape(self):
        return self.data.shape

    @property
    def count(self):
        return self.data.count

    def seen(self, *shape, start=0):
        return self.data.seen(*shape, start=start)


@dataclass(eq=False)
class Step:
    """One kernel call: `views` are its arrays.  Or a host step: a Python function and the arrays it is given."""

    kernel: Any
    views: list
    words: list[int] = field(default_factory=list)
    tasks: int = 1
    label: str = ""
    out: list[bool] = field(default_factory=list)  # which views are written
    private: int = 0  # bytes that each thread has for itself while it runs this

    def __post_init__(self):
        self.host = not hasattr(self.kernel, "types")
        self.buffers = [view.buffer for view in self.views]

    @property
    def nbytes(self):
        """Bytes it may touch."""
        return sum(SIZES[v.dtype] * prod(v.shape) for v in self.views)


def fit(shape, axes):
    if len(shape) >= axes:
        return (*shape[: axes - 1], prod(shape[axes - 1 :]))
    return (*shape, *[1] * (axes - len(shape)))


def never(blob, layer, after):
    return False


class Emit:
    """Collects the steps of one pass over a net; `of` says on whose behalf.

    overwritten(blob, layer, after): whether a layer works in place on blob later: after this layer, or as this one.
    random: int64 words (seed, iteration) that the owner of the program sets; kernels draw from them and emit.stream.
    """

    def __init__(self, overwritten: Callable = never, random: Buffer | None = None):
        self.steps: list[Step] = []
        self.overwritten = overwritten
        self.kept: dict[tuple, Buffer | View] = {}
        self.random = random or Buffer((2,), "io", "random", "int64")

    def of(self, layer, params=(), stream=None):
        """What follows belongs to `layer`; params: its parameters, as blobs; stream: its number for random draws."""
        self.layer, self.params, self.begun = layer, list(params), len(self.steps)
        self.stream = crc32(layer.name.encode()) if stream is None else stream
        return self

    def __call__(self, kernel, *arguments, tasks=1, private=0):
        seen = list(map(plain, arguments))
        for i, t in enumerate(kernel.types.values()):
            if t.sizes is not None and i < len(seen):
                v = seen[i]
                seen[i] = View(v.buffer, fit(v.shape, len(t.sizes)), v.start)
        words = kernel.bind(*seen)
        views = [v for v in seen if isinstance(v, View)]
        self.steps.append(Step(kernel, views, words, tasks, f"{self.layer.name} {kernel.name}", kernel.writes, private))

    def host(self, function, *arrays, out=None):
        """A step in Python: function(*numpy arrays).  `out`: those that it writes, if not any of them."""
        views = list(map(plain, arrays))
        written = [out is None or any(v is plain(o) for o in out) for v in views]
        self.steps.append(Step(function, views, label=self.layer.name, out=written))

    def scratch(self, *shape, dtype="float32"):
        """Memory for this pass of this layer only."""
        return Buffer(shape, "scratch", f"{self.layer.name} scratch", dtype)

    def keep(self, name, *shape, dtype="float32"):
        """Memory that forward fills and backward reads: the same buffer in both."""
        if (self.layer, name) not in self.kept:
            self.kept[self.layer, name] = Buffer(shape, "arena", f"{self.layer.name} {name}", dtype)
        return self.kept[self.layer, name]

    def save(self, name, blob):
        """The value that blob has now, for backward: itself, or a copy if it will be worked on in place."""
        from protonet.kernels import pointwise

        view = plain(blob)
        mine = self.steps[self.begun :]
        written = any(
            v.buffer is view.buffer for step in mine for v, out in zip(step.views, step.out, strict=True) if out
        )
        if not self.overwritten(blob, self.layer, after=written):
            self.kept[self.layer, name] = view
        else:
            self(pointwise.copy, view, self.keep(name, *view.shape), tasks=pointwise.tasks(view.shape))

    def saved(self, name):
        return self.kept[self.layer, name]

    def wants(self, blob):
        """Whether anybody reads the gradient of this bottom or parameter."""
        return blob.diff is not None

    def fault(self, text):
        """int64[2] for a kernel to report a bad value in (kernels/fault.py); text: "label {value} at {index} ..."."""
        return Buffer((2,), "fault", self.layer.name, "int64", text=text)


def plain(value):
    """A blob stands for its data."""
    return value.data if isinstance(value, Blob) else value


def aligned(size, to=ALIGN):
    """Zeroed bytes at a multiple of `to`."""
    raw = np.zeros(size + to, np.uint8)
    start = -raw.ctypes.data % to
    return raw[start : start + size]
