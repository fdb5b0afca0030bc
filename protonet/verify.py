"""Verify: run two nets on the same inputs and say by how much each blob differs.

    relative difference of a blob = max |a - b| / max |a|, over all its numbers, a being the first net's

The surprise: equality proves little by itself.  A blob that is one number everywhere, or the same whatever
comes in, agrees with anything that is as dead; such blobs are counted apart (`silent`).  NaN agrees with
nothing.
"""

from dataclasses import dataclass, field

import numpy as np

from protonet.errors import ProtonetError

# tops that jump: a difference of one rounding may choose another class or box
JUMPS = "ArgMax", "Threshold", "DetectionOutput", "Proposal", "Filter", "BatchReindex"


@dataclass
class Difference:
    """The worst of one blob over all inputs, and on which."""

    blob: str
    absolute: float = 0.0
    relative: float = 0.0
    on: str = ""
    varies: bool = False  # has different numbers in it
    answers: bool = False  # and others for another input
    jumps: bool = False  # comes after a layer whose tops jump
    last: bytes | None = field(default=None, repr=False)

    @property
    def silent(self):
        """Whether agreeing proves nothing."""
        return not (self.varies and self.answers)

    def see(self, a, b, on):
        """Take in one run."""
        absolute, relative = differ(a, b)
        if not relative <= self.relative:  # so written that NaN is the worst
            self.absolute, self.relative, self.on = absolute, relative, on
        self.varies |= bool(a.size and np.isfinite(a).all() and a.min() != a.max())
        here = a.tobytes()[: 1 << 20]
        self.answers |= self.last is not None and here != self.last
        self.last = here


@dataclass
class Report:
    """differences by blob, in the order of the first net; `on` are the inputs that were tried, `notes` what
    could not be.
    """

    differences: list[Difference]
    on: list[str]
    notes: list[str] = field(default_factory=list)

    @property
    def judged(self):
        return [d for d in self.differences if not d.jumps]

    @property
    def worst(self):
        """The Difference that is largest; None if no blob was compared."""
        return max(self.judged, key=lambda d: np.inf if np.isnan(d.relative) else d.relative, default=None)

    @property
    def silent(self):
        return [d.blob for d in self.differences if d.silent]

    @property
    def proven(self):
        """The blobs whose agreement means something."""
        return [d.blob for d in self.judged if not d.silent]

    def within(self, tolerance):
        return self.worst is None or bool(self.worst.relative <= tolerance)

    def __str__(self):
        worst = self.worst
        if worst is None:
            return "no blob to compare"
        text = (
            f"{len(self.proven)} blobs compared on {', '.join(self.on)}: "
            f"largest difference {worst.relative:.1e} of the blob's largest number "
            f"({worst.absolute:.1e}), in '{worst.blob}'"
        )
        if self.silent:
            text += f"; constant, so that they prove nothing: {', '.join(self.silent)}"
        return text


def differ(a, b):
    """(absolute, relative) difference; (nan, nan) where either is not finite, (inf, inf) where the shapes
    differ.
    """
    if a.shape != b.shape:
        return np.inf, np.inf
    if not a.size:
        return 0.0, 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        absolute = float(np.abs(a.astype(np.float64) - b).max())
    largest = float(np.abs(a).max())
    if not (np.isfinite(absolute) and np.isfinite(largest)):
        return np.nan, np.nan
    return absolute, absolute / largest if largest else (np.inf if absolute else 0.0)


def compare(a, b, inputs, blobs=None):
    """Run nets a and b on each of inputs ({label: {blob: array}}) and compare these blobs (default: all
    names they share).
    """
    if blobs is None:
        fed = set(a.inputs) | set(b.inputs)
        blobs = [name for name in a.blobs if name in b.blobs and name not in fed]
    jumping = after_jumps(a)
    differences = {name: Difference(name, jumps=name in jumping) for name in blobs}
    for label, arrays in inputs.items():
        for net in (a, b):
            run(net, arrays)
        ours, theirs = a.blobs, b.blobs
        for name, difference in differences.items():
            difference.see(ours[name].data, theirs[name].data, label)
    for difference in differences.values():
        difference.last = None
        difference.answers |= len(inputs) < 2  # one run cannot tell
    return Report(list(differences.values()), list(inputs))


def run(net, arrays):
    """Feed a net, reshaping it where an array needs that, and run it forward."""
    inputs = net.inputs
    for name in inputs:
        if name not in arrays:
            raise ProtonetError(f"input '{name}' is given no array: expected {', '.join(inputs)}")
        blob, array = net.blobs[name], np.asarray(arrays[name], np.float32)
        if blob.shape != array.shape:
            blob.reshape(*array.shape)
        blob.data[...] = array
    net.forward_layers()


def after_jumps(net):
    """Names of the blobs that a layer whose tops jump has had a part in."""
    names: set[str] = set()
    for layer in net.param.layer:
        if layer.type in JUMPS or names & set(layer.bottom):
            names.update(layer.top)
    return names


def examples(shapes, unit=1.0, seed=0):
    """Random inputs of several scales: {label: {blob: array}}.  unit: what a usual number is like; at least
    of two images.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    result = {}
    for factor in (1 / 16, 1.0, 16.0):
        arrays = {name: rng.normal(0, unit * factor, shape).astype(np.float32) for name, shape in shapes.items()}
        result[f"random x {unit * factor:g}"] = arrays
    return result
