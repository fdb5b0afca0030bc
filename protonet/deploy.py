"""Deploy: a trained net becomes the one that is served, and is proved to compute the same before anything
is written.

    deployed = protonet.deploy("train_val.prototxt", "iter_10000.caffemodel")
    deployed.save("out/resnet")             # out/resnet.prototxt, out/resnet.caffemodel: plain Caffe files

Data, losses and metrics go, SoftmaxWithLoss becomes Softmax, BatchNorm and its kin are folded into the
layers around (see passes/). proof.py compares the result with what it was made from.
"""

import logging
import shutil
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from protonet import passes, proof, verify
from protonet.errors import DeployError, NetError, ProtonetError
from protonet.graph.build import build
from protonet.graph.emit import emit, parameters
from protonet.graph.graph import Graph
from protonet.graph.read import read
from protonet.io import Weights, load_weights, save_weights
from protonet.io.atomic import replacing
from protonet.layers.base import TEST, TRAIN
from protonet.passes import heads, inputs
from protonet.proto import caffe_pb2
from protonet.prototxt import carried as header
from protonet.prototxt import parse, write

log = logging.getLogger(__name__)

TOLERANCE = 1e-4


@dataclass
class Deployed:
    """definition: the NetParameter; weights: its numbers; journal: what was done and what not, and why;
    proof: see verify.py.
    """

    definition: object
    weights: Weights
    graph: Graph
    journal: passes.Journal
    carried: dict = field(default_factory=dict)
    source: str = ""
    proof: verify.Report | None = None
    folder: Path = field(default_factory=Path)

    @property
    def text(self):
        """The deploy prototxt."""
        return self.write(self.carried)

    @property
    def folded(self):
        """What was folded away, as notes."""
        return [note for note in self.journal.done if note.step in ("Fold", "FromAffine")]

    @property
    def left(self):
        """What could have been folded and was not, as notes that say why."""
        return self.journal.left

    def write(self, carried):
        origin = f" from {Path(self.source).name}" if self.source else ""
        made = f"# a net to predict with, made by protonet{origin}\n"
        return made + header.write(carried) + write.dumps(self.definition, plain=True)

    def save(self, prefix):
        """Write PREFIX.prototxt and PREFIX.caffemodel, each whole or not at all.  Returns the paths.

        A mean image that the data layer took off goes with them, as PREFIX.mean.binaryproto.
        """
        prefix = Path(prefix)
        if prefix.suffix in (".prototxt", ".caffemodel"):
            prefix = prefix.with_suffix("")
        paths = [prefix.with_name(prefix.name + end) for end in (".prototxt", ".caffemodel")]
        with replacing(paths[0]) as aside:
            carried, means = self.means(prefix)
            aside.write_text(self.write(carried), encoding="utf-8", newline="\n")
            save_weights(paths[1], self.weights, self.definition)
        return paths + means

    def means(self, prefix):
        """The carried transforms with their mean files beside the prototxt, and the paths of those."""
        result: dict[str, header.Carried] = {}
        paths: list[Path] = []
        for name, each in self.carried.items():
            mean = each.transform.mean_file
            found = next((p for p in (Path(mean), self.folder / mean) if mean and p.is_file()), None)
            if found is None:
                if mean:
                    log.warning("the mean file '%s' is not there: put it beside the prototxt before you predict", mean)
                result[name] = each
                continue
            path = prefix.with_name(f"{prefix.name}.{'' if not paths else f'{name}.'}mean{found.suffix}")
            if not (path.exists() and path.samefile(found)):
                with replacing(path) as aside:
                    shutil.copyfile(found, aside)
            transform = caffe_pb2.TransformationParameter()
            transform.CopyFrom(each.transform)
            transform.mean_file = path.name
            result[name] = header.Carried(transform, each.resize)
            paths.append(path)
        return result, paths


def deploy(
    net,
    weights,
    *,
    level=0,
    stages=(),
    inputs=None,
    batch=None,
    outputs=(),
    skip=(),
    tolerance=TOLERANCE,
    prove=True,
    samples=None,
    allow_missing=False,
    ignore_unknown=False,
    threads=None,
    seed=0,
) -> Deployed:
    """The net that predicts.

    net: a path, a parsed document or a NetParameter; weights: a path (or several, joined by commas), or
    Weights. inputs: {blob: shape} of the Input layers to be, where the data should not decide; batch:
    images at once (1). outputs: blobs to keep, nothing else (default: all that losses, metrics or nobody
    reads).  skip: names of passes to leave out. samples: {blob: array} of real input to prove with, beside
    random numbers and the net's own data. Raises DeployError if the proof differs by more than `tolerance`,
    relative to each blob's largest number.
    """
    document = parse.load(net, "NetParameter", ignore_unknown) if isinstance(net, str | Path) else net
    definition = read(document, TEST, level, stages)
    weights, journal = loaded(weights), passes.Journal()
    train = train_net(document, level, stages)
    net, borrowed = heads.with_data(definition.net, train)
    places = [f"layer '{layer.name}'" for layer in net.layer[:borrowed]] + definition.places
    definition = replace(definition, net=net, places=places)
    predicting, origins = heads.predict(net, weights, outputs, train, journal)
    places = [
        definition.places[i] if i is not None else f"layer '{predicting.layer[k].name}'" for k, i in enumerate(origins)
    ]
    folder = definition.path.parent if definition.path else Path()
    fed, graph = fit(predicting, weights, inputs, batch, places, journal, folder)
    graph.outputs += [v for v in graph.values() if v.name in outputs and v not in graph.outputs]
    passes.attach(graph, weights, allow_missing, seed)
    whole = Weights(dict(weights) | fresh(graph, weights))
    chosen = [each for each in passes.DEPLOY if each.__name__ not in known(skip)]
    passes.run(graph, chosen, journal)
    graph.prune()
    carried = carried_by(definition) | fed.carried
    result = Deployed(
        emit(graph),
        Weights(parameters(graph)),
        graph,
        journal,
        carried,
        str(definition.path or ""),
        folder=folder,
    )
    if prove:
        result.proof = proof.Proof(definition, whole, result, fed, threads, seed).report(samples)
        proof.judge(result.proof, tolerance)
    return result


def loaded(weights):
    """Weights from a path, several paths, or as they are."""
    if isinstance(weights, Weights):
        return weights
    if isinstance(weights, dict):
        return Weights(weights)
    paths = str(weights).split(",") if isinstance(weights, str | Path) else list(weights)
    whole = Weights(source=", ".join(map(str, paths)))
    for path in paths:
        whole.update(load_weights(path))
    return whole


def known(skip):
    names = [each.__name__ for each in passes.DEPLOY]
    for name in skip:
        if name not in names:
            raise DeployError(f"there is no pass '{name}': there are {', '.join(names)}")
    return set(skip)


def train_net(document, level, stages):
    """The TRAIN net of the same file; None where there is none that resolves."""
    try:
        return read(document, TRAIN, level, stages).net
    except ProtonetError:
        return None


def carried_by(definition):
    """What an earlier deploy wrote at the top of the file."""
    if definition.path is None or not definition.path.is_file():
        return {}
    try:
        return header.read(definition.path.read_text("utf-8-sig", "replace"))
    except ProtonetError as error:
        raise error.at(definition.path) from None


def fit(net, weights, shapes, batch, places, journal, folder):
    """The net with inputs, and its graph: for one image, or for as many as its data brought if it takes no
    other number.
    """

    def attempt(batch, journal):
        fed = inputs.feed(net, weights, shapes, batch, journal, folder, places)
        return fed, build(fed.net, proof.maker(folder), places)

    notes = passes.Journal()
    try:
        result = attempt(batch, notes)
    except NetError:
        if batch is not None:
            raise
        notes = passes.Journal()
        result = attempt(inputs.AS_DATA, notes)
        notes.declined(inputs.STEP, "the batch size", "the net takes no other than its data brings")
    for note in notes.notes:
        journal.add(note)
    return result


def fresh(graph, weights):
    """The numbers that fillers had to make."""
    return {name: arrays for name, arrays in parameters(graph).items() if not weights.get(name)}


class Callable(ModuleType):
    """protonet.deploy is the function, also once this module, which has its name, has been imported by
    somebody.
    """

    def __call__(self, *args, **kwargs):
        return deploy(*args, **kwargs)


sys.modules[__name__].__class__ = Callable
