"""Synopsys' Python layers for nets that come from TensorFlow (python/*.py of foss-for-synopsys-dwc-arc-processors).

    eltwise         Eltwise                the product (operation 0), the sum with coeff (1), the largest (2), the
                                           quotient (3), the smallest (4) of two bottoms, spread as numpy does
    slice           StridedSlice           {begin, end, [strides], [begin_mask, end_mask, ellipsis_mask, ...]}
    stack           StackTensors           an axis; the bottoms along a new one
    statistics      Mean, Prod, Sum        {axis: [...], keepdims}
    pads            Pad, PadV2, MirrorPad  [[before, after], ...]; {paddings, constant_values}; {paddings, mode}
    matrix_inverse  MatrixInverse          of the last two axes

They have no gradient there that is one, and none here: they are built in as nets are run with them, not trained.
"""

import ast
from typing import Any

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.layers.python import UserLayer


class Made(UserLayer):
    """said: what param_str says; `made` gives the top from the arrays of the bottoms."""

    chooses = True
    takes: int | None = 1  # bottoms; None: any number

    def setup(self, bottom, top):
        if len(top) != 1 or self.takes not in (None, len(bottom)):
            raise NetError(
                f"{type(self).__name__} takes {self.takes or 'any number of'} bottoms and gives 1 top: "
                f"found {len(bottom)} and {len(top)}"
            )
        try:
            self.said = ast.literal_eval(self.param_str.strip() or "None")
        except (ValueError, SyntaxError):
            raise NetError(f"param_str is a Python value: found {self.param_str!r}") from None

    def reshape(self, bottom, top):
        try:
            top[0].reshape(*self.shape([blob.shape for blob in bottom]))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            shapes = ", ".join(str(blob.shape) for blob in bottom)
            raise ShapeError(f"param_str {self.param_str!r} does not suit {shapes}: {error}") from None

    def shape(self, shapes):
        """That of the top: of arrays that take no memory."""
        return self.made(*(np.broadcast_to(np.float32(1), shape) for shape in shapes)).shape

    def forward(self, bottom, top):
        top[0].data[...] = self.made(*(blob.data for blob in bottom))

    def made(self, *arrays):
        raise NotImplementedError

    def backward(self, top, propagate_down, bottom):
        """None."""


class Eltwise(Made):
    takes = 2

    def made(self, a, b):
        operation = self.said["operation"]
        if operation == 1:
            p, q = self.said["coeff"]
            return np.float32(p) * a + np.float32(q) * b
        return {0: np.multiply, 2: np.maximum, 3: np.divide, 4: np.minimum}[operation](a, b)


class StridedSlice(Made):
    def made(self, x):
        said = self.said
        if said.get("new_axis_mask"):
            raise NetError("new_axis_mask is not to be had, as in Synopsys' layer")
        begin, end = list(said["begin"]), list(said["end"])
        strides = list(said.get("strides") or [1] * len(begin))
        if not len(begin) == len(end) == len(strides) <= x.ndim:
            raise ValueError("begin, end and strides are as many, and no more than there are axes")
        parts = []
        for i, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
            masked = [
                bool(said.get(f"{name}_mask", 0) >> i & 1) for name in ("begin", "end", "ellipsis", "shrink_axis")
            ]
            if masked[2]:
                first, last, step = 0, x.shape[i], 1
            first, last = 0 if masked[0] else first, x.shape[i] if masked[1] else last
            parts.append(first if masked[3] else slice(first, last, step))
        return x[tuple(parts)]


class StackTensors(Made):
    takes = None

    def made(self, *xs):
        return np.stack(xs, self.said)


class Reduced(Made):
    how: Any

    def made(self, x):
        return type(self).how(x, axis=tuple(self.said["axis"]), keepdims=bool(self.said["keepdims"]))


class Mean(Reduced):
    how = staticmethod(np.mean)


class Prod(Reduced):
    how = staticmethod(np.prod)


class Sum(Reduced):
    how = staticmethod(np.sum)


class Pad(Made):
    def made(self, x):
        return np.pad(x, self.said)


class PadV2(Made):
    def made(self, x):
        return np.pad(x, self.said["paddings"], constant_values=self.said["constant_values"])


class MirrorPad(Made):
    def made(self, x):
        return np.pad(x, self.said["paddings"], mode=self.said["mode"].lower())


class MatrixInverse(Made):
    def shape(self, shapes):
        if len(shapes[0]) < 2 or shapes[0][-1] != shapes[0][-2]:
            raise ValueError("the last two axes are those of a square matrix")
        return shapes[0]

    def made(self, x):
        return np.linalg.inv(x)


CLASSES = {
    ("eltwise", "Eltwise"): Eltwise,
    ("slice", "StridedSlice"): StridedSlice,
    ("stack", "StackTensors"): StackTensors,
    **{("statistics", kind.__name__): kind for kind in (Mean, Prod, Sum)},
    **{("pads", kind.__name__): kind for kind in (Pad, PadV2, MirrorPad)},
    ("matrix_inverse", "MatrixInverse"): MatrixInverse,
}
