"""The parameters of a net: made, filled, and shared by name.

    layer { ... param { name: "w" share_mode: PERMISSIVE lr_mult: 2 decay_mult: 0 } }

The first layer that names a parameter owns it; later ones use its memory, data and gradient, if the shape is the same
(STRICT) or the number of elements is (PERMISSIVE).  Their lr_mult and decay_mult must not contradict the owner's.
(Caffe: net.cpp, AppendParam and ShareWeights.)
"""

from dataclasses import dataclass
from typing import Any

from protonet import fillers
from protonet.errors import NetError
from protonet.layers.base import Layer
from protonet.net.blob import Blob
from protonet.proto import caffe_pb2


@dataclass
class Learned:
    """What the solver updates: one for each owner, in the order of the net."""

    blob: Blob
    layer: Layer
    index: int
    lr_mult: float = 1.0
    decay_mult: float = 1.0
    lr_said: bool = False
    decay_said: bool = False

    def agree(self, name, layer, spec):
        """A sharer's multipliers: they count if the owner gave none, and may not differ if it did."""
        for field, said in ("lr_mult", "lr_said"), ("decay_mult", "decay_said"):
            if not spec.HasField(field):
                continue
            value = getattr(spec, field)
            if getattr(self, said) and value != getattr(self, field):
                raise NetError(
                    f"shared parameter '{name}' has {field} {getattr(self, field):g} in layer '{self.layer.name}', "
                    f"which owns it, and {value:g} here"
                )
            setattr(self, field, value)
            setattr(self, said, True)


class Parameters:
    """blobs[i]: every parameter blob in order; labels[i]: its name, or its number in its layer; owner[i]: the number of
    the Learned behind it.

    Nothing is filled until `fill`, and then only what has no values by then: filling takes longer than loading.
    """

    def __init__(self, rng):
        self.rng = rng
        self.unfilled: dict[Blob, Any] = {}
        self.blobs: list[Blob] = []
        self.labels: list[str] = []
        self.learned: list[Learned] = []
        self.owner: list[int] = []
        self.named: dict[str, int] = {}

    def add(self, layer, shapes):
        """Make the parameters of a layer.  Returns their blobs and, for each, whether it learns."""
        params = layer.params(*shapes)
        specs = list(layer.param.param)
        if len(specs) > len(params):
            raise NetError(f"has {len(params)} parameter blobs, but param is given {len(specs)} times")
        specs += [caffe_pb2.ParamSpec()] * (len(params) - len(specs))
        blobs = [self.add_one(layer, i, p, spec) for i, (p, spec) in enumerate(zip(params, specs, strict=True))]
        return blobs, [p.learned and spec.lr_mult != 0 for p, spec in zip(params, specs, strict=True)]

    def add_one(self, layer, i, param, spec):
        blob = Blob(param.shape, f"{layer.name}/{param.name}")
        self.blobs.append(blob)
        self.labels.append(spec.name or str(i))
        if spec.name in self.named:
            self.owner.append(self.named[spec.name])
            owner = self.learned[self.owner[-1]]
            share(blob, owner, layer, spec)
            owner.agree(spec.name, layer, spec)
            return blob
        said = spec.HasField("lr_mult"), spec.HasField("decay_mult")
        lr_mult = spec.lr_mult if param.learned else 0.0
        self.learned.append(Learned(blob, layer, i, lr_mult, spec.decay_mult, *said))
        self.owner.append(len(self.learned) - 1)
        if spec.name:
            self.named[spec.name] = self.owner[-1]
        fillers.check(param.filler, param.shape)
        self.unfilled[blob] = param.filler
        return blob

    def fill(self):
        """Let the fillers make what nothing else has."""
        for blob, filler in self.unfilled.items():
            blob.data[...] = fillers.fill(filler, blob.shape, self.rng)
        self.unfilled.clear()

    def filled(self, blob):
        """This blob has its values, and so has every other that shares its memory."""
        for other in [b for b in self.unfilled if b.data_store is blob.data_store]:
            del self.unfilled[other]

    def owned(self, blob):
        """Whether this blob is the owner of its memory (shared ones are saved and learned once)."""
        return any(learned.blob is blob for learned in self.learned)


def share(blob, owner, layer, spec):
    strict = spec.share_mode == caffe_pb2.ParamSpec.STRICT
    fits = blob.shape == owner.blob.shape if strict else blob.count == owner.blob.count
    if not fits:
        rule = "same shape" if strict else "same number of elements"
        hint = (
            " (share_mode: PERMISSIVE asks for the same number of elements only)"
            if strict and blob.count == owner.blob.count
            else ""
        )
        raise NetError(
            f"parameter '{spec.name}' is {owner.blob.shape} in layer '{owner.layer.name}', which owns it, "
            f"and {blob.shape} here; sharing needs the {rule}{hint}"
        )
    blob.share_data(owner.blob)
    blob.share_diff(owner.blob)
