"""A layer alone: made from text, run forward and backward, its gradients checked.

    bn = layer('name: "bn" type: "BatchNorm"', (4, 3, 5))      # bottoms of these shapes
    bottoms, (y,) = run(bn, x)                                 # blobs: .data and .diff are live arrays
    (dx,) = bn.backward(dy)
    check_gradient(bn, x)

What tests of layers need and no more: exact plan, one layer, its bottoms named x0, x1, ...; see Net for the real thing.
"""

from dataclasses import dataclass

import numpy as np
from google.protobuf import text_format
from numpy.testing import assert_allclose

from protonet import fillers
from protonet.layers import REGISTRY, TRAIN, make
from protonet.layers.base import counted
from protonet.proto import caffe_pb2
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Blob, Buffer, Emit


@dataclass
class Arrays:
    """A blob as tests see it."""

    data: np.ndarray
    diff: np.ndarray | None


class Made:
    """One layer with memory.  in_place: top 0 is bottom 0; wants: by bottom; silent: tops that receive no gradient.

    packed: memory that the layer keeps is shared where lives do not meet; then `whole` runs it.
    """

    def __init__(self, param, shapes, phase=TRAIN, threads=1, in_place=False, wants=None, silent=(), packed=False):
        self.layer = make(param, phase)
        self.in_place, n = in_place, len(shapes)
        fixed = *self.layer.no_gradient, *self.layer.constant
        wants = [i not in fixed for i in range(n)] if wants is None else wants
        tops = [tuple(shape) for shape in self.layer.infer(*shapes)]
        self._bottoms = [blob(shape, want) for shape, want in zip(shapes, wants, strict=True)]
        self._tops = [blob(shape, i not in silent) for i, shape in enumerate(tops)]
        if in_place:
            self._tops[0] = self._bottoms[0]
        self._params = [blob(p.shape, p.learned) for p in self.layer.params(*shapes)]
        self.random = np.array([1, 1], np.int64)
        self.emit = Emit(self.overwritten, Buffer((2,), "own", "random", "int64", memory=self.random))
        self.layer.forward(self.emit.of(self.layer, self._params, 7), *self._bottoms, *self._tops)
        self.half = len(self.emit.steps)
        self.trains = any(b.diff for b in [*self._bottoms, *self._params])
        if self.trains:
            self.layer.backward(self.emit.of(self.layer, self._params, 7), *self._tops, *self._bottoms)
        planned = (plan.packed if packed else plan.exact)(self.emit.steps)
        self.program = Program(self.emit.steps, planned, threads=threads)
        self.bottoms, self.tops, self.blobs = (
            list(map(self.arrays, blobs)) for blobs in (self._bottoms, self._tops, self._params)
        )
        rng = np.random.default_rng(5)
        for array, p in zip(self.blobs, self.layer.params(*shapes), strict=True):
            array.data[...] = fillers.fill(p.filler, p.shape, rng)

    def overwritten(self, blob, layer, after):
        return self.in_place and not after and blob.data is self._bottoms[0].data

    def arrays(self, blob):
        return Arrays(*(None if part is None else self.program.array(part) for part in (blob.data, blob.diff)))

    def forward(self, *xs):
        """The tops' arrays."""
        for bottom, x in zip(self.bottoms, xs, strict=True):
            bottom.data[...] = x
        self.program.run(0, self.half)
        return [top.data for top in self.tops]

    def backward(self, *dys):
        """The bottoms' gradients; those of parameters start at 0, as a solver would have it."""
        for top, dy in zip(self.tops, dys, strict=True):
            if top.diff is not None:
                top.diff[...] = dy
        for b in self.blobs:
            if b.diff is not None:
                b.diff[...] = 0
        self.program.run(self.half)
        return [bottom.diff for bottom in self.bottoms]

    def whole(self, xs, dys):
        """Forward and backward in one go: the tops' arrays and the bottoms' gradients."""
        for bottom, x in zip(self.bottoms, xs, strict=True):
            bottom.data[...] = x
        for top, dy in zip(self.tops, dys, strict=True):
            top.diff[...] = dy
        self.program.run()
        return [top.data for top in self.tops], [bottom.diff for bottom in self.bottoms]


def blob(shape, wanted=True):
    return Blob(Buffer(tuple(shape), "own"), Buffer(tuple(shape), "own") if wanted else None)


def layer(text, *shapes, **options):
    """A layer from the text of its LayerParameter; bottoms and tops that the text leaves out are added."""
    param = text_format.Parse(text, caffe_pb2.LayerParameter())
    param.name = param.name or "it"
    if not param.bottom:
        param.bottom.extend(f"x{i}" for i in range(len(shapes)))
    if not param.top:
        wanted = counted(REGISTRY[param.type].tops).least if param.type in REGISTRY else 1
        param.top.extend(f"y{i}" for i in range(wanted))
    if options.get("in_place"):
        param.top[0] = param.bottom[0]
    return Made(param, [tuple(shape) for shape in shapes], **options)


def run(it, *xs):
    """(bottoms, tops) after a forward pass."""
    it.forward(*xs)
    return it.bottoms, it.tops


def check_gradient(it, *xs, step=1e-2, tolerance=1e-2, seed=3):
    """Gradients of a weighted sum of all tops but the silent, by bottom and parameter, against central differences.

    Differences of float32 results are coarse: step and tolerance are Caffe's own.
    """
    rng = np.random.default_rng(seed)
    xs = [np.asarray(x, np.float32) for x in xs]
    weights = [np.asarray(rng.normal(size=top.data.shape), np.float32) for top in it.tops]
    weights = [0 * w if top.diff is None else w for w, top in zip(weights, it.tops, strict=True)]
    before = [b.data.copy() for b in it.blobs]

    def objective(arrays, params):
        for b, values in zip(it.blobs, params, strict=True):
            b.data[...] = values
        return sum(float((w * y.astype(np.float64)).sum()) for w, y in zip(weights, it.forward(*arrays), strict=True))

    objective(xs, before)
    it.backward(*weights)
    inputs, found = [*xs, *before], [b.diff for b in [*it.bottoms, *it.blobs]]
    found = [None if diff is None else diff.copy() for diff in found]
    checked = 0
    for k, (values, diff) in enumerate(zip(inputs, found, strict=True)):
        if diff is None:
            continue
        expected = np.zeros(values.shape)
        for at in np.ndindex(*values.shape):
            ends = []
            for sign in (1, -1):
                moved = [v.copy() for v in inputs]
                moved[k][at] += sign * step
                ends.append(objective(moved[: len(xs)], moved[len(xs) :]))
            expected[at] = (ends[0] - ends[1]) / (2 * step)
        scale = max(1.0, float(abs(expected).max(initial=0)))
        assert_allclose(diff, expected, atol=tolerance * scale, rtol=0, err_msg=f"gradient {k}")
        checked += 1
    assert checked, "the layer has no gradient to check"
