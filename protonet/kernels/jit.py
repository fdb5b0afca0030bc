"""@kernel: how every kernel is declared.  compile.py makes machine code of it, objects.py keeps that.

    N, C, S = "NCS"

    @kernel
    def moments(x: f32[N, C, S], mean: f32[C], var: f32[C], begin, end):
        "mean[c], var[c] <- mean and biased variance of x[:, c, :]; a task is a channel."

becomes a C function `void(record, begin, end)`.  A record is int64 words: the address of each array, then
each size once, then each scalar; so all arguments are data, and a new net compiles nothing.
Arrays of one call lie apart in memory, except as declared: `@kernel(y="x")` says that y may be x.
"""

import inspect
import struct
from dataclasses import dataclass
from functools import partial

import numpy as np

from protonet.kernels import objects


@dataclass(frozen=True)
class Type:
    """An element type; f32[N, C] is an array of it with named sizes."""

    dtype: str
    sizes: tuple | None = None

    def __getitem__(self, sizes):
        return Type(self.dtype, sizes if isinstance(sizes, tuple) else (sizes,))

    def __call__(self, x):
        return getattr(np, self.dtype)(x)


f32, f64, i32, i64 = (Type(name) for name in ("float32", "float64", "int32", "int64"))


class Inline:
    """A function that kernels call, compiled into each of them."""

    def __init__(self, function):
        self.function, self.compiled = function, None

    def __call__(self, *arguments):
        return self.function(*arguments)


class Kernel:
    def __init__(self, function, may_be):
        self.function, self.may_be, self.__doc__ = function, may_be, function.__doc__
        self.name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        *names, begin, end = inspect.signature(function).parameters
        assert (begin, end) == ("begin", "end"), f"{self.name}: the last arguments are begin, end"
        self.types = {name: function.__annotations__[name] for name in names}
        self.arrays = [name for name, t in self.types.items() if t.sizes is not None]
        self.sizes = list(dict.fromkeys(s for a in self.arrays for s in self.types[a].sizes if isinstance(s, str)))
        self.slots = len(self.sizes) + len(self.types)

    def __call__(self, *arguments):
        """As plain Python on numpy arrays: for debugging."""
        return self.function(*arguments)

    def symbol(self, in_place):
        return self.name + ".in_place" * in_place

    def address(self, in_place=False):
        """Where its code is; made, or read from the cache, when first asked for."""
        return objects.address(self.symbol(in_place), partial(self.compile, in_place))

    def compile(self, in_place):
        from protonet.kernels import compile  # numba, only when the object file is not there

        return compile.kernel(self, in_place)

    def bind(self, *arguments):
        """The words after the addresses: sizes, from the arrays' shapes, which must agree; then scalars."""
        if len(arguments) != len(self.types):
            raise TypeError(f"{self.name} takes {', '.join(self.types)}; got {len(arguments)} arguments")
        sizes, scalars = {}, []
        for (name, t), value in zip(self.types.items(), arguments, strict=True):
            if t.sizes is None:
                scalars.append(word(value) if t.dtype[0] == "f" else int(value))
                continue
            if len(value.shape) != len(t.sizes):
                raise TypeError(f"{self.name}: {name} is {list(t.sizes)}, got {value.shape}")
            for size, n in zip(t.sizes, value.shape, strict=True):
                if n != (size if isinstance(size, int) else sizes.setdefault(size, n)):
                    raise TypeError(f"{self.name}: {size} is {sizes.get(size, size)}, but {n} in {name}")
        return [*sizes.values(), *scalars]


def word(x):
    """The bits of a double as an int64."""
    return struct.unpack("q", struct.pack("d", x))[0]


def kernel(function=None, **may_be):
    return Kernel(function, may_be) if function else partial(kernel, **may_be)


inline = Inline
