"""@kernel: how every kernel is declared.  compile.py makes machine code of it, objects.py keeps that.

    N, C, S = "NCS"

    @kernel(out="mean var")
    def moments(x: f32[N, C, S], mean: f32[C], var: f32[C], begin, end):
        "mean[c], var[c] <- mean and biased variance of x[:, c, :]; a task is a channel."

becomes a C function `void(record, begin, end)`.  A record is int64 words: the address of each array, then
each size once, then each scalar; so all arguments are data, and a new net compiles nothing.  Tasks begin to end are
done; a kernel that is not cut into tasks still takes begin and end, and is emitted with tasks=1.  One more argument,
`memory`, is the address of bytes that the running thread has for itself, as many as emit(..., private=bytes) says.

`out` names the arrays that it writes (default: the last one).  Arrays of one call lie apart in memory, except as
declared: `@kernel(y="x")` says that y may be x, `y="a b"` that it may be a, or b, or both.  Arithmetic is float32: one
in float64 is asked for, by naming f64, or by double=True.  Constants in the code are single all the same (0.1 is); a
double one is a global: TENTH = np.float64(0.1).

Nothing here imports numba: what numba must see (inline functions, intrinsics) is resolved by compile.py.
"""

import inspect
import math
import struct
from dataclasses import dataclass
from functools import partial

import numpy as np

from protonet.kernels import objects

HOME = "protonet.kernels."
KERNELS: dict[str, "Compiled"] = {}  # by name: what a worker process is asked to compile


@dataclass(frozen=True)
class Type:
    """An element type; f32[N, C] is an array of it with named sizes."""

    dtype: str
    sizes: tuple | None = None

    def __getitem__(self, sizes):
        return Type(self.dtype, sizes if isinstance(sizes, tuple) else (sizes,))

    def __call__(self, x):
        return getattr(np, self.dtype)(x)


f32, f64, i32, i64, u8, u32 = (Type(name) for name in ("float32", "float64", "int32", "int64", "uint8", "uint32"))


class Inline:
    """A function that kernels call, compiled into each of them."""

    def __init__(self, function):
        self.function, self.resolved, self.__doc__ = function, None, function.__doc__

    def __call__(self, *arguments):
        return self.function(*arguments)


class Intrinsic:
    """LLVM instructions that kernels call like a function: `write(e, *values)` appends them, e being simd.E.

        @intrinsic
        def fma(e, a: f32, b: f32, c: f32) -> f32:
            return e.call("llvm.fma.f32", a, b, c)

    An argument without annotation is an int64, as addresses are (in bytes); without `->` there is no result.
    `@fma.python` gives what plain Python does in its place.
    """

    def __init__(self, write):
        self.write, self.resolved, self.twin, self.__doc__ = write, None, None, write.__doc__
        self.name = write.__name__
        _, *names = inspect.signature(write).parameters
        self.types = [write.__annotations__.get(name, i64) for name in names]
        self.result = write.__annotations__.get("return")

    def python(self, function):
        self.twin = function
        return self

    def __call__(self, *arguments):
        if self.twin is None:
            raise TypeError(f"{self.name} is vector instructions: nothing stands for it in plain Python")
        return self.twin(*arguments)


class Late(Intrinsic):
    """What only numba can type: `name` of `module`, imported when a kernel that calls it is compiled."""

    def __init__(self, module, name, twin):
        self.module, self.name, self.twin, self.resolved, self.__doc__ = module, name, twin, None, twin.__doc__


def _address(array, index):
    """The address of array[index] in bytes: what intrinsics on memory take."""
    return array.ctypes.data + sum(i * step for i, step in zip(np.atleast_1d(index), array.strides, strict=True))


address = Late("protonet.kernels.array", "address", _address)


class Compiled:
    """What has machine code of its own; `shared` says which arrays of a kernel are one, as (y, x) pairs."""

    def __init__(self, function):
        self.function, self.module, self.__doc__ = function, function.__module__, function.__doc__
        self.name = f"{self.module.removeprefix(HOME)}.{function.__name__}"
        known = KERNELS.get(self.name)
        if known and known.function.__globals__ is function.__globals__:
            raise TypeError(f"two kernels are named {self.name}: give each its own __name__")
        KERNELS[self.name] = self

    def symbol(self, shared=()):
        """Its name in object files."""
        return ".".join([self.name, *(f"{y}_is_{x}" for y, x in shared)])

    def address(self, shared=()):
        """Where its code is; made, or read from the cache, when first asked for."""
        return objects.address(self.symbol(shared), self.module, partial(self.compile, shared))

    def compile(self, shared=()):
        """Its object code."""
        raise NotImplementedError


class Native(Compiled, Inline):
    """An inline function of int64 words without result that C may call as well."""

    resolved = None

    def compile(self, shared=()):
        from protonet.kernels import compile  # numba, only when the object file is not there

        return compile.native(self)


class Kernel(Compiled):
    def __init__(self, function, out=None, double=False, **may_be):
        names = list(inspect.signature(function).parameters)
        self.memory = names[-1] == "memory"
        *names, begin, end = names[:-1] if self.memory else names
        if (begin, end) != ("begin", "end"):
            raise TypeError(f"{function.__name__}: the last arguments are begin, end, and memory if it wants any")
        self.types = {name: function.__annotations__[name] for name in names}
        self.arrays = [name for name, t in self.types.items() if t.sizes is not None]
        self.sizes = list(dict.fromkeys(s for a in self.arrays for s in self.types[a].sizes if isinstance(s, str)))
        self.slots = len(self.sizes) + len(self.types)
        self.out = tuple(out.split()) if out else tuple(self.arrays[-1:])
        self.pairs = [(y, x) for y, many in may_be.items() for x in many.split()]
        self.double = double
        for name in [*self.out, *(name for pair in self.pairs for name in pair)]:
            if name not in self.arrays:
                raise TypeError(f"{function.__name__}: {name} is none of its arrays {', '.join(self.arrays)}")
        self.writes = [name in self.out for name in self.arrays]
        super().__init__(function)

    def __call__(self, *arguments):
        """As plain Python on numpy arrays: for debugging."""
        return self.function(*arguments)

    def compile(self, shared=()):
        from protonet.kernels import compile

        return compile.kernel(self, shared)

    def shared(self, places):
        """The pairs that are one, from where each array lies.  Undeclared ones that start together are refused."""
        if len(set(places)) == len(places):
            return ()
        at = dict(zip(self.arrays, places, strict=True))
        shared = tuple((y, x) for y, x in self.pairs if at[y] == at[x])
        for y in self.out:
            for x in self.arrays:
                if x != y and at[x] == at[y] and not {(x, y), (y, x)} & set(shared) and not joined(x, y, shared):
                    raise TypeError(f"{self.name}: {x} and {y} lie at one place; it was declared without {y}='{x}'")
        return shared

    def bind(self, *arguments):
        """The words after the addresses: sizes, from the arrays' shapes, which must agree; then scalars."""
        if len(arguments) != len(self.types):
            raise TypeError(f"{self.name} takes {', '.join(self.types)}; got {len(arguments)} arguments")
        sizes: dict[str, int] = {}
        scalars = []
        for (name, t), value in zip(self.types.items(), arguments, strict=True):
            if t.sizes is None:
                scalars.append(word(value, t.dtype))
                continue
            if value.dtype != t.dtype:
                raise TypeError(f"{self.name}: {name} is {t.dtype}, got {value.dtype}")
            if len(value.shape) != len(t.sizes):
                raise TypeError(f"{self.name}: {name} is {list(t.sizes)}, got {value.shape}")
            for size, n in zip(t.sizes, value.shape, strict=True):
                if n != (size if isinstance(size, int) else sizes.setdefault(size, n)):
                    raise TypeError(f"{self.name}: {size} is {sizes.get(size, size)}, but {n} in {name}")
        return [*sizes.values(), *scalars]


def joined(x, y, shared):
    """Whether a third array is declared to be both."""
    partners = [{a for a, b in shared if b == n} | {b for a, b in shared if a == n} for n in (x, y)]
    return bool(partners[0] & partners[1])


def word(x, dtype):
    """A scalar as an int64: floats by their bits, a float32 in the lower half."""
    if dtype == "float32":
        try:
            return struct.unpack("i", struct.pack("f", x))[0]
        except OverflowError:
            return word(math.copysign(math.inf, x), dtype)
    return struct.unpack("q", struct.pack("d", x))[0] if dtype == "float64" else int(x)


def kernel(function=None, **declared):
    return Kernel(function, **declared) if function else partial(Kernel, **declared)


inline, intrinsic, native = Inline, Intrinsic, Native
