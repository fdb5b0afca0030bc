"""Steps: what a net computes, as kernel calls on buffers that have no memory yet.

A layer writes  emit(kernel, x, y, eps, tasks=C)  and nothing runs.  A buffer with more axes than the kernel
declares is seen with its last axes joined, one with fewer as having ones: (N, C, H, W) is [N, C, S] and [M].
"""

from dataclasses import dataclass, field
from math import prod

SMALL = 32 * 1024  # bytes: less is quicker done by one thread than shared


@dataclass(eq=False)
class Buffer:
    """Memory to be: `kind` says which base it lies at (param, io, or arena), the plan says where."""

    shape: tuple
    kind: str = "arena"
    name: str = ""
    offset: int = None

    @property
    def count(self):
        return prod(self.shape)

    @property
    def nbytes(self):
        return 4 * self.count

    def seen(self, *shape):
        """The same memory with other axes."""
        return View(self, shape)


@dataclass(eq=False)
class Blob:
    """A value and its gradient (None if nobody asks for it)."""

    data: Buffer
    diff: Buffer = None
    shape = property(lambda self: self.data.shape)
    count = property(lambda self: self.data.count)

    def seen(self, *shape):
        return View(self.data, shape)


@dataclass
class View:
    buffer: Buffer
    shape: tuple


@dataclass(eq=False)
class Step:
    kernel: object  # or a Python function: a host step
    buffers: list
    words: list = field(default_factory=list)
    tasks: int = 1
    label: str = ""

    @property
    def host(self):
        return not hasattr(self.kernel, "types")

    @property
    def small(self):
        return self.tasks == 1 or sum(b.nbytes for b in self.buffers) < SMALL

    @property
    def may_share(self):
        """(reader, writer) pairs of buffers that this kernel allows to be one."""
        at = self.kernel.arrays.index
        return [(self.buffers[at(x)], self.buffers[at(y)]) for y, x in self.kernel.may_be.items()]


def fit(shape, axes):
    if len(shape) >= axes:
        return (*shape[: axes - 1], prod(shape[axes - 1 :]))
    return (*shape, *[1] * (axes - len(shape)))


class Emit:
    """Collects the steps of one pass over a net; `of` says on whose behalf."""

    def __init__(self, overwritten=lambda blob, layer, after: False):
        self.steps, self.overwritten, self.kept = [], overwritten, {}

    def of(self, layer):
        self.layer, self.params, self.start = layer, layer.blobs, len(self.steps)
        return self

    def __call__(self, kernel, *arguments, tasks=1):
        values = [a.data if isinstance(a, Blob) else a for a in arguments]
        seen = [
            v if t.sizes is None else View(getattr(v, "buffer", v), fit(v.shape, len(t.sizes)))
            for v, t in zip(values, kernel.types.values(), strict=True)
        ]
        words = kernel.bind(*seen)
        buffers = [v.buffer for v in seen if isinstance(v, View)]
        self.steps.append(Step(kernel, buffers, words, tasks, f"{self.layer.name} {kernel.name}"))

    def host(self, function, *buffers):
        self.steps.append(Step(function, list(buffers), label=self.layer.name))

    def scratch(self, *shape):
        """Memory for this pass of this layer only."""
        return Buffer(shape, name=f"{self.layer.name} scratch")

    def keep(self, name, *shape):
        """Memory that forward fills and backward reads: the same buffer in both."""
        return self.kept.setdefault((self.layer, name), Buffer(shape, name=f"{self.layer.name} {name}"))

    def save(self, name, blob):
        """The value that blob has now, for backward: itself, or a copy if it will be worked on in place."""
        from protonet.kernels import pointwise

        written = any(blob.data in step.buffers for step in self.steps[self.start :])
        if not self.overwritten(blob, self.layer, after=written):
            self.kept[self.layer, name] = blob.data
        else:
            self(pointwise.copy, blob, self.keep(name, *blob.shape), tasks=pointwise.tasks(blob.shape))

    def saved(self, name):
        return self.kept[self.layer, name]

    def wants(self, blob):
        return blob.diff is not None
