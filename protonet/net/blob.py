"""Blob: a value and its gradient with memory of their own, as pycaffe shows them.

Memory is taken when somebody looks at it or a plan computes in it: a net that is only looked at, or only runs forward,
takes none for what it does not need.
"""

from dataclasses import dataclass
from itertools import count
from math import prod
from threading import Lock
from typing import Any

import numpy as np

from protonet.errors import ShapeError
from protonet.runtime import limit
from protonet.runtime.step import Buffer, aligned

NUMBERS, LOCK = count(1), Lock()


class Store:
    """Floats that may grow, and that several blobs may share.  number: another one whenever they lie elsewhere."""

    def __init__(self, size):
        self.size, self.made, self.number = size, None, next(NUMBERS)

    @property
    def array(self):
        if self.made is None:
            with LOCK:
                if self.made is None:
                    self.made = aligned(4 * self.size).view(np.float32)
        return self.made

    def reserve(self, size):
        """Room for so many floats."""
        if size > self.size:
            self.size, self.made, self.number = size, None, next(NUMBERS)


@dataclass(eq=False)
class Held(Buffer):
    """A buffer whose memory is a store's."""

    store: Any = None

    def own(self):
        self.memory = self.store.array[: self.count]
        return self.memory


class Blob:
    """`data` and `diff` are live float32 views, C order, of this blob's shape.

    watch: what runs a net without this blob's memory, and must know when somebody looks.
    changed: another object whenever any blob has another shape or other memory, so that nets look only then.
    """

    changed = object()
    watch: Any = None  # whose look(blob, which) is called before data or diff is handed out

    def __init__(self, shape, name=""):
        self.name, self._shape = name, tuple(map(int, shape))
        limit.check(self._shape, f"blob '{name}'")
        self.data_store, self.diff_store = Store(self.count), Store(self.count)

    @property
    def shape(self):
        return self._shape

    @property
    def count(self):
        return prod(self._shape)

    @property
    def data(self):
        if self.watch is not None:
            self.watch.look(self, "data")
        return self.data_store.array[: self.count].reshape(self._shape)

    @property
    def diff(self):
        if self.watch is not None:
            self.watch.look(self, "diff")
        return self.diff_store.array[: self.count].reshape(self._shape)

    def reshape(self, *shape):
        """Take another shape; values stay where the memory does.  Takes ints, or one sequence of them."""
        if len(shape) == 1 and not isinstance(shape[0], int | np.integer):
            shape = tuple(shape[0])
        if any(int(n) < 0 for n in shape):
            raise ShapeError(f"blob '{self.name}': a shape has no negative sizes, found {tuple(shape)}")
        shape = tuple(map(int, shape))
        limit.check(shape, f"blob '{self.name}'")
        self._shape = shape
        self.data_store.reserve(self.count)
        self.diff_store.reserve(self.count)
        Blob.changed = object()

    def share_data(self, other):
        self.data_store, Blob.changed = other.data_store, object()

    def share_diff(self, other):
        self.diff_store, Blob.changed = other.diff_store, object()

    @property
    def place(self):
        """What a plan relies on: the shape, and which memory."""
        return self._shape, self.data_store.number, self.diff_store.number

    def buffers(self):
        """(data, diff) as the runtime sees them."""
        kinds = (self.data_store, ""), (self.diff_store, ".diff")
        return tuple(Held(self._shape, "own", self.name + end, store=store) for store, end in kinds)

    def legacy(self, axis):
        """The size of one of Caffe's four axes; 1 where the blob has fewer."""
        if len(self._shape) > 4:
            raise ShapeError(
                f"blob '{self.name}' has {len(self._shape)} axes: num, channels, height, width need at most 4"
            )
        return self._shape[axis] if axis < len(self._shape) else 1

    num = property(lambda self: self.legacy(0))
    channels = property(lambda self: self.legacy(1))
    height = property(lambda self: self.legacy(2))
    width = property(lambda self: self.legacy(3))

    def __repr__(self):
        return f"<Blob {self.name} {self._shape}>"
