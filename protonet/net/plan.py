"""The exact plan of a net: every blob in memory of its own, every layer a slice of the table of steps.

The steps are made first and their program when something is run, so that the code of several nets is compiled at once.
"""

from functools import cached_property

import numpy as np

from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Blob, Buffer, Emit


class Keep(Emit):
    """An Emit whose kept memory belongs to the net: where a layer's tops change their size in the middle of a pass,
    what the layers before it have kept in one plan is read by the backward pass of another.
    """

    def __init__(self, net, **options):
        super().__init__(random=net.clock_buffer, **options)
        self.memory = net.kept

    def keep(self, name, *shape, dtype="float32"):
        key = self.layer, name, shape, dtype
        if key not in self.memory:
            self.memory[key] = Buffer(shape, "own", f"{self.layer.name} {name}", dtype)
        self.kept[self.layer, name] = self.memory[key]
        return self.memory[key]


class Plan:
    """One net at one set of shapes.  forward[i] and backward[i] are the steps of layer i, as (first, last).

    It holds neither the net nor what made it: a net that nobody needs any more goes at once, with all its memory.
    """

    def __init__(self, net):
        self.threads = net.threads
        self.forward: list[tuple[int, int]] = []
        self.backward: dict[int, tuple[int, int]] = {}
        blobs = buffers(net.blob_list)
        self.number = {blob.data: i for i, blob in enumerate(blobs)}
        self.index = {place.layer: i for i, place in enumerate(net.places)}
        self.last_in_place = {b: i for i, place in enumerate(net.places) for b in place.in_place()}
        params = buffers(net.parameters.blobs)
        seen = [sides(net, place, blobs, params) for place in net.places]
        emit = Keep(net, overwritten=self.overwritten)
        for i, (place, (bottoms, tops, blobs_)) in enumerate(zip(net.places, seen, strict=True)):
            first = len(emit.steps)
            emit.of(place.layer, blobs_, i)
            if not place.layer.dynamic:
                place.layer.forward(emit, *bottoms, *tops)
            self.forward.append((first, len(emit.steps)))
        for i in reversed(range(len(net.places))):
            place, (bottoms, tops, blobs_) = net.places[i], seen[i]
            if net.trains and place.backward and any(b.diff for b in [*bottoms, *blobs_]):
                first = len(emit.steps)
                place.layer.backward(emit.of(place.layer, blobs_, i), *tops, *bottoms)
                self.backward[i] = first, len(emit.steps)
        self.lot = emit.steps, plan.exact(emit.steps)

    @cached_property
    def program(self):
        return Program(*self.lot, threads=self.threads)

    def overwritten(self, blob, layer, after):
        """Whether a layer works in place on this blob: one after `layer`, or `layer` itself if it still will."""
        return self.last_in_place.get(self.number.get(blob.data), -1) >= self.index[layer] + after

    def run_forward(self, first, last):
        self.program.run(self.forward[first][0], self.forward[last][1])

    def time_forward(self):
        """Run all layers and return the ns of each."""
        ns = np.cumsum([0, *self.program.time(0, self.forward[-1][1])])
        return [int(ns[b] - ns[a]) for a, b in self.forward]

    def time_backward(self):
        """The same backward; 0 for layers that have none."""
        if not self.backward:
            return [0] * len(self.forward)
        begin = self.forward[-1][1]
        ns = np.cumsum([0, *self.program.time(begin, len(self.lot[0]))])
        spans = [self.backward.get(i, (begin, begin)) for i in range(len(self.forward))]
        return [int(ns[b - begin] - ns[a - begin]) for a, b in spans]

    def run_backward(self, first, last):
        """Layers first down to last."""
        spans = [self.backward[i] for i in range(last, first + 1) if i in self.backward]
        if spans:
            self.program.run(min(a for a, _ in spans), max(b for _, b in spans))


def sides(net, place, blobs, params):
    """A layer's bottoms, tops and parameters as it sees them: a gradient is there only if somebody wants it."""
    trains = net.trains
    bottoms = [wanted(blobs[b], trains and want) for b, want in zip(place.bottoms, place.wants, strict=True)]
    tops = [wanted(blobs[t], trains and net.arrives[t]) for t in place.tops]
    mine = [wanted(params[p], trains and learns) for p, learns in zip(place.params, place.learns, strict=True)]
    return bottoms, tops, mine


def buffers(blobs):
    """The blobs as the runtime sees them; those that share memory are one buffer, seen in their shapes."""
    first: dict = {}

    def seen(store, buffer):
        known = first.setdefault(store.number, buffer)
        return known if known is buffer else known.seen(*buffer.shape)

    pairs = [(blob, blob.buffers()) for blob in blobs]
    return [Blob(seen(blob.data_store, data), seen(blob.diff_store, diff)) for blob, (data, diff) in pairs]


def wanted(blob, want):
    return blob if want else Blob(blob.data, None)
