"""Proof: what would be written as a deploy net, against the net it was made from.

The text and the numbers that would be written become a fresh Net.  The TEST-phase net as it was given becomes
another, its data layers replaced by Input.  Both see random input of several scales, a batch of the data where
they can be read, and what the caller gives; and are compared at every blob that has one name in both.
"""

from types import SimpleNamespace

import numpy as np

from protonet import verify
from protonet.errors import DataError, DeployError, NetError, ProtonetError
from protonet.graph.build import build
from protonet.layers import make
from protonet.layers.base import TEST
from protonet.net import Net
from protonet.passes import heads, inputs
from protonet.proto import caffe_pb2
from protonet.prototxt import parse
from protonet.runtime.execute import ready

SAMPLE = 8  # images of the real batch


class Proof:
    """Compares what would be written with what was given."""

    def __init__(self, definition, weights, deployed, fed, threads, seed):
        self.definition, self.weights, self.fed = definition, weights, fed
        self.threads, self.seed, self.deployed = threads, seed, deployed
        given = set(made(definition.net))
        self.blobs = [top for top in made(deployed.definition) if top in given]
        self.notes = []

    def net(self, message, weights):
        """A net whose paths are those of the given net's file."""
        source = SimpleNamespace(message=message, path=self.definition.path)
        return Net(source, TEST, weights=weights, trains=False, threads=self.threads)

    def given(self):
        """The TEST-phase net as given, all that these blobs need of it, with Input layers for its data."""
        layers = heads.needed([(layer, i) for i, layer in enumerate(self.definition.net.layer)], self.blobs)
        net = caffe_pb2.NetParameter(name=self.definition.net.name)
        net.layer.extend(layer for layer, _ in layers)
        tops = {top for layer in net.layer for top in layer.top}
        shapes = {name: shape for name, shape in self.fed.shapes.items() if name in tops}
        return self.net(inputs.feed(net, self.weights, shapes).net, self.weights)

    def served(self):
        """A fresh net of the text and the numbers that would be written."""
        return self.net(parse.loads(self.deployed.text, name="the deploy net").message, self.deployed.weights)

    def report(self, samples=None):
        if not self.blobs:
            return verify.Report([], [], ["no blob of the net is left to compare"])
        runs = {}
        if samples is not None:
            runs["the given samples"] = {name: np.asarray(array, np.float32) for name, array in samples.items()}
        if data := self.data():
            runs["a batch of the data"] = data
        given, served = self.given(), self.served()
        ready([net.planned().lot for net in (given, served)], self.threads)  # all that is missing compiles at once
        runs |= self.random(given)
        if not runs:
            raise DeployError(f"nothing to prove with: {'; '.join(self.notes)}; give samples, or do without the proof")
        report = verify.compare(given, served, runs, self.blobs)
        report.notes += self.notes
        return report

    def random(self, given):
        """Random inputs, if the net can take such at all."""
        each = [carried.transform for carried in self.deployed.carried.values()]
        unit = 64 * each[0].scale if each else 1.0
        runs = verify.examples(self.fed.shapes, unit, self.seed)
        try:
            verify.run(given, next(iter(runs.values())))
        except DataError as error:
            self.notes.append(f"random numbers are no input for this net ({error})")
            return {}
        return runs

    def data(self):
        """{input: array} of one batch that the net's own data layers bring; None if they cannot be read."""
        sources = [layer for layer in self.definition.net.layer if inputs.source(layer)]
        if all(layer.type in ("Input", "DummyData") for layer in sources):
            return None
        for size in (SAMPLE, None):
            net = caffe_pb2.NetParameter()
            net.layer.extend(sources)
            for layer in net.layer if size else ():
                limit(layer, size)
            try:
                made = self.net(net, None)
                made.forward_layers()
                arrays = {name: made.blobs[name].data.copy() for name in self.fed.shapes}
                if self.takes(arrays):
                    return arrays
            except (ProtonetError, OSError) as error:
                self.notes.append(f"the net's own data could not be read: {error}")
                return None
        return None

    def takes(self, arrays):
        """Whether the net can have these shapes."""
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes == self.fed.shapes:
            return True
        net = caffe_pb2.NetParameter()
        net.CopyFrom(self.deployed.definition)
        try:
            build(inputs.feed(net, self.weights, shapes).net, maker(self.deployed.folder))
        except NetError:
            return False
        return True


def made(net):
    """The blobs that layers compute, rather than bring, in order."""
    return list(dict.fromkeys(top for layer in net.layer if not inputs.source(layer) for top in layer.top))


def limit(layer, size):
    """Make a data layer bring no more than this many at once."""
    for spec, value in layer.ListFields():
        if spec.name.endswith("data_param") and hasattr(value, "batch_size") and value.batch_size > size:
            value.batch_size = size


def maker(folder):
    """LayerParameter -> layer, for build."""

    def made(param):
        layer = make(param, TEST)
        layer.folder = folder
        return layer

    return made


def judge(report, tolerance):
    """Refuse a net that is not the one it came from."""
    if report.within(tolerance):
        return
    worst, wrong = report.worst, [d.blob for d in report.judged if not d.relative <= tolerance]
    if np.isnan(worst.relative):
        raise DeployError(f"'{worst.blob}' is not finite on {worst.on}: nothing can be proved, and nothing was written")
    more = f" ({len(wrong)} blobs differ, '{wrong[0]}' is the first)" if len(wrong) > 1 else ""
    raise DeployError(
        f"the deploy net is not the net it was made from: '{worst.blob}' differs by {worst.relative:.1e} of its "
        f"largest number on {worst.on}, {tolerance:.1e} is allowed{more}; nothing was written"
    )
