"""How to try a kernel on numpy arrays, without a net.

    y = np.zeros_like(x)
    run(activation.relu, x, y, 0.1, tasks=pointwise.tasks(x.shape))

runs the compiled kernel as the executor does (more axes than declared are joined, fewer filled with ones; an array
given twice is the kernel in place) and writes y.  On the way it asserts what every kernel promises:

* all tasks at once give the same bits as task by task, from the last to the first, in memory of another alignment;
* arrays that are not in `out` have not changed, and nothing around any array has;
* plain Python gives the same numbers, to `rtol` and `atol` (python=False: it is vector code, or slow in Python).

`compiled(kernel, *arguments, tasks=n)` only runs it, once.
"""

import ctypes

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from protonet.runtime.step import fit

PAD = 256  # bytes around each array, of 0xff: NaN, or -1
CALL = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 4)


def run(kernel, *arguments, tasks=1, python=True, rtol=1e-5, atol=1e-6, private=0):
    together, apart = Memory(kernel, arguments, 0, private), Memory(kernel, arguments, 1, private)
    together.call(0, tasks)
    for task in reversed(range(tasks)):
        apart.call(task, task + 1)
    together.check(arguments), apart.check(arguments)
    for name, a, b in zip(kernel.arrays, together.arrays, apart.arrays, strict=True):
        assert_array_equal(bits(a), bits(b), f"{kernel.name}: {name} depends on how tasks are taken, or on alignment")
    if python:
        twin = Memory(kernel, arguments, 0)
        values = iter(twin.arrays)
        scalars = [
            v if t.sizes is None else next(values) for v, t in zip(arguments, kernel.types.values(), strict=True)
        ]
        with np.errstate(all="ignore"):
            kernel(*scalars, 0, tasks)
        twin.check(arguments)
        for name, a, b in zip(kernel.arrays, together.arrays, twin.arrays, strict=True):
            assert_allclose(a, b, rtol, atol, err_msg=f"{kernel.name}: {name} is not what plain Python makes it")
    together.write_back(arguments)


def compiled(kernel, *arguments, tasks=1):
    """Only runs it, once, all tasks at once."""
    memory = Memory(kernel, arguments, 0)
    memory.call(0, tasks)
    memory.write_back(arguments)


class Memory:
    """Copies of the arrays, each in memory of its own with a border; the record of a call on them."""

    def __init__(self, kernel, arguments, skew, private=0):
        assert len(arguments) == len(kernel.types), f"{kernel.name} takes {', '.join(kernel.types)}"
        self.kernel, self.borders, copies = kernel, [], {}
        seen = []
        for value, t in zip(arguments, kernel.types.values(), strict=True):
            if t.sizes is None:
                seen.append(value)
                continue
            assert value.flags.c_contiguous, f"{kernel.name} takes arrays in C order"
            if id(value) not in copies:
                copies[id(value)] = self.copy(value, skew)
            seen.append(copies[id(value)].reshape(fit(value.shape, len(t.sizes))))
        self.arrays = [v for v, t in zip(seen, kernel.types.values(), strict=True) if t.sizes is not None]
        places = [array.ctypes.data for array in self.arrays]
        self.code = CALL(kernel.address(kernel.shared(places)))
        self.record = np.array([*places, *kernel.bind(*seen)], np.int64)
        self.private = np.full(private // 4, np.nan, np.float32)

    def copy(self, array, skew):
        raw = np.full(array.nbytes + 2 * PAD + 128, 0xFF, np.uint8)
        start = PAD + -(raw.ctypes.data + PAD) % 64 + skew * array.itemsize
        inside = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        inside[...] = array
        self.borders += [raw[:start], raw[start + array.nbytes :]]
        return inside

    def call(self, begin, end):
        self.code(self.record.ctypes.data, begin, end, self.private.ctypes.data)

    def check(self, arguments):
        """Nothing but what is in `out` may have changed."""
        assert all((border == 0xFF).all() for border in self.borders), f"{self.kernel.name} writes outside its arrays"
        written = {a.ctypes.data for a, out in zip(self.arrays, self.kernel.writes, strict=True) if out}
        given = [a for a, t in zip(arguments, self.kernel.types.values(), strict=True) if t.sizes is not None]
        for name, mine, before in zip(self.kernel.arrays, self.arrays, given, strict=True):
            if mine.ctypes.data not in written:
                same = bits(mine.reshape(before.shape)), bits(before)
                assert_array_equal(*same, f"{self.kernel.name} writes {name}, which is not in its out")

    def write_back(self, arguments):
        given = [a for a, t in zip(arguments, self.kernel.types.values(), strict=True) if t.sizes is not None]
        for mine, theirs, out in zip(self.arrays, given, self.kernel.writes, strict=True):
            if out:
                theirs[...] = mine.reshape(theirs.shape)


def bits(array):
    """As integers, so that NaN equals NaN and -0 does not equal 0."""
    return np.ascontiguousarray(array).view(f"u{array.itemsize}")
