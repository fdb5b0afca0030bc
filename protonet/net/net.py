"""Net: the layers of one phase as Caffe runs them: splits, in place as written, every blob in memory of its own.

Nothing is planned before the first run; a blob that was reshaped makes the net reshape itself at the next one, and
plans are kept by shape.  Layers whose tops depend on values (Filter, DetectionOutput) run in Python between two slices
of steps.
"""

from functools import cached_property
from typing import Any

import numpy as np

from protonet import io
from protonet.errors import NetError, ProtonetError
from protonet.graph.read import read
from protonet.graph.splits import insert_splits
from protonet.layers import make
from protonet.net import debug, exchange, notes
from protonet.net.blob import Blob
from protonet.net.params import Parameters
from protonet.net.plan import Plan
from protonet.net.seed import next_seed
from protonet.net.wiring import Wiring
from protonet.runtime.step import Buffer

PLANS = 32  # that are kept


class Net:
    """source: a path, a parsed document or a NetParameter.  See graph/read.py for phase, level, stages and state.

    trains: whether backward will be asked for; without, nothing is kept for it.  fill: whether parameters that no
    weights give are filled now; else call parameters.fill().  threads: None for all usable cores.
    Raises ProtonetError with file, line and layer for whatever does not fit.
    """

    def __init__(
        self,
        source,
        phase=None,
        level=0,
        stages=(),
        state=None,
        weights=None,
        trains=True,
        threads=None,
        seed=None,
        fill=True,
        **options,
    ):
        self.definition = read(source, phase, level, stages, state=state, **options)
        self.phase, self.trains, self.threads = self.definition.phase, trains, threads
        self.param, origins = insert_splits(self.definition.net, self.definition.places)
        self.name = self.param.name
        self.where = [
            self.definition.places[i] if i is not None else f"layer '{self.param.layer[k].name}'"
            for k, i in enumerate(origins)
        ]
        self.seed = next_seed() if seed is None else seed
        self.clock = np.array([self.seed, 0], np.int64)
        self.clock_buffer = Buffer((2,), "own", "clock", "int64", memory=self.clock)
        self.wiring = Wiring()
        self.blob_list: list[Blob] = []
        self.parameters = Parameters(np.random.Generator(np.random.Philox(self.seed)))
        self.layer_blobs: list[list[Blob]] = []
        for layer_param, where in zip(self.param.layer, self.where, strict=True):
            try:
                self.add(layer_param, where)
            except ProtonetError as error:
                raise error.at(where) from error.__cause__
        self.places, self.debug_info = self.wiring.places, self.param.debug_info
        self.wiring.settle(self.param.force_backward)
        self.arrives = self.wiring.arrivals()
        self.share_memory()
        self.plans: dict[tuple, Plan] = {}
        self.kept: dict = {}  # what forward leaves for backward, whichever plans they run by
        self.behind: Any = None  # what brings the blobs up to date, after a pass that left most of them out
        self.looked, self.shapes = Blob.changed, self.shape_key()
        self.ran = -1  # the last layer of this pass whose tops have shapes by values; those of later ones are guessed
        if weights is not None:
            self.copy_from(weights)
        if fill:
            self.parameters.fill()

    def add(self, layer_param, where):
        """One layer: wired, its tops shaped, its parameters made."""
        layer = make(layer_param, self.phase)
        layer.folder = self.definition.path.parent if self.definition.path else ""
        layer.clock = self.clock
        notes.engine(layer)
        place = self.wiring.add(layer, where)
        shapes = [self.blob_list[b].shape for b in place.bottoms]
        inferred = layer.infer(*shapes)
        for number, shape in zip(place.tops, inferred, strict=True):
            if number == len(self.blob_list):
                self.blob_list.append(Blob(shape, self.wiring.names[number]))
        start = len(self.parameters.blobs)
        blobs, learned = self.parameters.add(layer, shapes)
        layer.attach(blobs)
        place.params = list(range(start, start + len(blobs)))
        self.layer_blobs.append(blobs)
        self.wiring.learn(place, learned)
        self.weigh(place)

    def weigh(self, place):
        """Put a loss top's weight where backward finds it: in its gradient.  (Caffe: Layer::SetLossWeights.)"""
        for weight, number in zip(place.loss_weights, place.tops, strict=True):
            if weight:
                self.blob_list[number].diff[...] = weight

    def share_memory(self):
        """Let tops that only repeat their bottom be its memory, as Caffe does; not those that are worked on in place.

        (Caffe shares those too, and then changes the bottom under the feet of whoever else reads it.)
        """
        in_place = {b for place in self.places for b in place.in_place()}
        for place in self.places:
            for t in place.tops if place.layer.shares else ():
                top, bottom = self.blob_list[t], self.blob_list[place.bottoms[0]]
                if t in in_place or top.count != bottom.count:
                    continue
                top.share_data(bottom)
                if place.layer.shares == "all":
                    top.share_diff(bottom)

    # names, as pycaffe gives them

    @property
    def blob_names(self):
        return list(self.wiring.names)

    @property
    def layer_names(self):
        return [layer.name for layer in self.param.layer]

    @cached_property
    def blobs(self):
        """Blob by name, in the order of the net."""
        return dict(zip(self.wiring.names, self.blob_list, strict=True))

    @cached_property
    def params(self):
        """Layer name -> its parameter blobs, for layers that have any."""
        named = zip(self.layer_names, self.layer_blobs, strict=True)
        return {name: blobs for name, blobs in named if blobs}

    @property
    def inputs(self):
        return [name for place in self.places if place.layer.type == "Input" for name in place.layer.param.top]

    @property
    def outputs(self):
        return self.wiring.outputs()

    @property
    def weight_list(self):
        """The loss weight of every blob, in the order of blob_names."""
        weights = dict.fromkeys(range(len(self.blob_list)), 0.0)
        for place in self.places:
            weights |= {t: w for t, w in zip(place.tops, place.loss_weights, strict=True) if w}
        return list(weights.values())

    # shapes

    def shape_key(self):
        return tuple(blob.place for blob in [*self.blob_list, *self.parameters.blobs])

    def reshape(self, first=0):
        """Let every layer from `first` on shape its tops by its bottoms."""
        for i, place in enumerate(self.places[first:], start=first):
            layer = place.layer
            if layer.type in ("Input", "DummyData") or (layer.dynamic and i <= self.ran):
                continue  # what a user, or what came out, has shaped stays; what is still to come fits its bottoms
            try:
                shapes = [self.blob_list[b].shape for b in place.bottoms]
                inferred = layer.infer(*shapes)
                self.check_params(place, shapes)
            except ProtonetError as error:
                raise error.at(place.where) from error.__cause__
            for number, shape in zip(place.tops, inferred, strict=True):
                if number not in place.bottoms and self.blob_list[number].shape != tuple(shape):
                    self.blob_list[number].reshape(*shape)
            self.weigh(place)
        self.shapes = self.shape_key()

    def check_params(self, place, shapes):
        """Parameters do not follow a reshape: refuse the shapes that would need others."""
        for param, number in zip(place.layer.params(*shapes), place.params, strict=True):
            blob = self.parameters.blobs[number]
            if tuple(param.shape) != blob.shape and np.prod(param.shape) != blob.count:
                raise NetError(f"these inputs need {param.name} of shape {tuple(param.shape)}, but it is {blob.shape}")

    def settle_shapes(self):
        """If somebody has reshaped a blob, let the layers follow."""
        if self.looked is not Blob.changed:
            self.looked, key = Blob.changed, self.shape_key()
            if key != self.shapes:
                self.reshape()

    def planned(self):
        """The plan for the shapes that the blobs have now."""
        self.settle_shapes()
        if self.shapes not in self.plans:
            if self.plans and any(a[1:] != b[1:] for a, b in zip(next(iter(self.plans)), self.shapes, strict=True)):
                self.plans.clear()  # memory has moved
            self.plans[self.shapes] = Plan(self)
        return self.plans[self.shapes]

    # running

    def catch_up(self, whole=False):
        """Have in memory what another plan has computed aside, unless all of it will be computed anew."""
        if self.behind is not None:
            bring, self.behind = self.behind, None
            if not whole:
                bring()

    def forward_layers(self, first=0, last=None):
        """Run layers first to last (included).  Returns their weighted loss."""
        last = len(self.places) - 1 if last is None else last
        self.catch_up(whole=first == 0 and last == len(self.places) - 1)
        self.ran = first - 1
        if first == 0:
            self.clock[1] += 1
            if len(self.plans) > PLANS:  # one for each size of image, say
                self.plans.clear()
                self.kept.clear()
        for start, end in self.stretches(first, last):
            self.run_through(start, end)
            if self.debug_info:
                debug.forward(self, start)
        return self.loss(first, last)

    def stretches(self, first, last):
        """The layers first to last as they are run: at once, or one by one so that each can be looked at."""
        return [(i, i) for i in range(first, last + 1)] if self.debug_info else [(first, last)]

    def run_through(self, at, last):
        """Layers `at` to last: those whose tops depend on values in Python, the stretches between as steps."""
        while at <= last:
            plan = self.planned()
            stop = next((i for i in range(at, last + 1) if self.places[i].layer.dynamic), None)
            end = last if stop is None else stop - 1
            if at <= end:
                self.run(plan.run_forward, at, end)
            if stop is not None:
                self.run_dynamic(self.places[stop])
                self.ran = stop
            at = end + 1 if stop is None else stop + 1

    def run(self, function, *arguments):
        try:
            function(*arguments)
        except ProtonetError as error:
            raise self.placed(error) from error.__cause__

    def placed(self, error):
        """The error with the place of the layer it names first."""
        for place in self.places:
            mine = f"layer '{place.layer.name}'"
            if error.where == mine or error.where.startswith(mine + ": "):
                error.where = error.where[len(mine) + 2 :]
                return error.at(place.where)
        return error

    def run_dynamic(self, place):
        """A layer whose tops' shapes are known only once it has run."""
        try:
            with np.errstate(all="ignore"):
                arrays = place.layer.compute(*(self.blob_list[b].data for b in place.bottoms))
        except ProtonetError as error:
            raise error.at(place.where) from error.__cause__
        for number, array in zip(place.tops, arrays, strict=True):
            blob = self.blob_list[number]
            if blob.shape != array.shape:
                blob.reshape(*array.shape)
            blob.data[...] = array

    def backward_layers(self, first=None, last=0):
        """Run layers first down to last (included) backward."""
        if not self.trains:
            raise NetError("this net was made for running forward only (trains=False)")
        first = len(self.places) - 1 if first is None else first
        self.catch_up()
        plan, whole = self.planned(), first - last + 1 == len(self.places)
        for low, high in reversed(self.stretches(last, first)):
            self.run(plan.run_backward, high, low)
            if self.debug_info:
                debug.backward(self, low)
        if self.debug_info and whole:
            debug.norms(self)

    def time_layers(self, backward=True):
        """Run the whole net once; returns the ns of each layer, forward and backward.  Not if any is dynamic."""
        self.clock[1] += 1
        plan, ns = self.planned(), []
        self.run(lambda: ns.append(plan.time_forward()))
        self.run(lambda: ns.append(plan.time_backward() if backward else [0] * len(self.places)))
        return ns

    def loss(self, first=0, last=None):
        """The weighted sum of the losses of layers first to last, as they stand."""
        last = len(self.places) - 1 if last is None else last
        total = 0.0
        for place in self.places[first : last + 1]:
            for weight, number in zip(place.loss_weights, place.tops, strict=True):
                if weight:
                    total += weight * float(self.blob_list[number].data.sum(dtype=np.float64))
        return total

    # parameters

    def clear_param_diffs(self):
        for learned in self.parameters.learned:
            if learned.blob.diff_store.made is not None:  # else nobody computes it
                learned.blob.diff[...] = 0

    @property
    def shared(self):
        """(layer, index) of the parameters whose memory belongs to another layer."""
        return exchange.shared(self)

    def copy_from(self, source, allow_missing=True):
        """Fill parameters by layer name from a .caffemodel, a .caffemodel.h5 or Weights.

        Returns what was copied, ignored and left fresh (io.Match); the last is refused unless allow_missing.
        """
        return exchange.copy_from(self, source, allow_missing)

    def share_with(self, other):
        """Use the parameter memory of another net, by layer name.  (Caffe: ShareTrainedLayersWith.)"""
        exchange.share_with(self, other)

    def weights(self, diffs=False):
        """Copies of the parameters by layer name, and of their gradients if they are asked for."""
        return exchange.held(self, diffs).copy()

    def save(self, path, diffs=False):
        """Write a .caffemodel, or HDF5 if the name ends in .h5."""
        io.save_weights(path, exchange.held(self, diffs), self.param, diffs, self.shared)
