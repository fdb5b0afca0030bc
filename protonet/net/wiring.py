"""Which blob each layer reads and writes, and who needs a gradient: Caffe's Net::Init without its memory.

The rules (net.cpp): a blob needs a gradient if its maker has a learned parameter or a bottom that needs one; a bottom's
`propagate_down` overrides; nothing above that contributes to no loss computes one; force_backward lifts all but labels.
"""

from dataclasses import dataclass, field

from protonet.errors import NetError, ProtonetError
from protonet.graph.build import find
from protonet.layers.base import Layer


@dataclass
class Place:
    """One layer in its net.  bottoms and tops are numbers of blobs; wants[j]: bottom j shall receive a gradient."""

    layer: Layer
    where: str
    bottoms: list[int]
    tops: list[int]
    loss_weights: list[float]
    wants: list[bool] = field(default_factory=list)
    backward: bool = False
    params: list[int] = field(default_factory=list)
    learns: list[bool] = field(default_factory=list)  # by parameter

    def in_place(self):
        return [b for b, t in zip(self.bottoms, self.tops, strict=False) if b == t]


class Wiring:
    """places in order; names[i] is the name of blob i."""

    def __init__(self):
        self.places: list[Place] = []
        self.names: list[str] = []
        self.current: dict[str, int] = {}
        self.needs: list[bool] = []
        self.unread: set[str] = set()

    def add(self, layer, where):
        """Append a layer: find its bottoms, name its tops."""
        param = layer.param
        if param.propagate_down and len(param.propagate_down) != len(param.bottom):
            n, m = len(param.propagate_down), len(param.bottom)
            raise NetError(f"propagate_down is given once for each bottom, or not at all: found {n} for {m} bottoms")
        bottoms = [find(name, self.current) for name in param.bottom]
        self.unread.difference_update(param.bottom)
        tops = [self.top(layer, i, name) for i, name in enumerate(param.top)]
        self.unread.update(param.top)
        while layer.auto_tops and len(tops) < least(layer.tops):
            tops.append(self.new("(automatic)"))
        place = Place(layer, where, bottoms, tops, loss_weights(layer, len(tops)))
        self.places.append(place)
        return place

    def top(self, layer, i, name):
        if i < len(layer.param.bottom) and layer.param.bottom[i] == name:
            return self.current[name]
        if name in self.current:
            raise NetError(
                f"top '{name}' is already made by another layer: name it apart, or work in place on it directly"
            )
        self.current[name] = self.new(name)
        return self.current[name]

    def new(self, name):
        self.names.append(name)
        self.needs.append(False)
        return len(self.names) - 1

    def learn(self, place, learned):
        """What this layer's parameters and bottoms make of its gradient needs."""
        down, constant = place.layer.param.propagate_down, place.layer.constant
        needs = [self.needs[b] and j not in constant for j, b in enumerate(place.bottoms)]
        place.learns = learned
        place.backward = any(learned) or any(needs)
        place.wants = [down[j] and j not in constant if down else need for j, need in enumerate(needs)]
        for t in place.tops:
            self.needs[t] = place.backward

    def settle(self, force_backward):
        """Go back from the losses: what contributes to none needs no backward."""
        under_loss, skipped = set(), set()
        for place in reversed(self.places):
            contributes = any(
                w or self.names[t] in under_loss for w, t in zip(place.loss_weights, place.tops, strict=True)
            )
            ends = zip(place.loss_weights, place.tops, strict=True)  # a loss teaches, whoever reads it
            if place.backward and all(self.names[t] in skipped and not w for w, t in ends):
                place.backward, place.wants = False, [False] * len(place.wants)
            place.backward &= contributes
            for j, b in enumerate(place.bottoms):
                if contributes:
                    under_loss.add(self.names[b])
                else:
                    place.wants[j] = False
                if not place.wants[j]:
                    skipped.add(self.names[b])
        if force_backward:
            for place in self.places:
                place.backward, place.learns = True, [True] * len(place.learns)
                labels = place.layer.no_gradient
                place.wants = [want or j not in labels for j, want in enumerate(place.wants)]
                place.wants = [want and j not in place.layer.constant for j, want in enumerate(place.wants)]
        for place in self.places:
            for j in place.layer.no_gradient:
                if j < len(place.wants) and place.wants[j] and place.backward:
                    raise refusal(place, j)

    def arrivals(self):
        """arrives[i]: whether blob i can receive a gradient: from a reader, a loss weight, or a user at an output.

        Only copies made by a Split are known to receive none when their one reader sends none.
        """
        sends = [False] * len(self.names)
        for place in self.places:
            for want, b in zip(place.wants, place.bottoms, strict=True):
                sends[b] |= want
        arrives = [True] * len(self.names)
        for place in self.places:
            if place.layer.type == "Split" and any(sends[t] for t in place.tops):
                for t in place.tops:
                    arrives[t] = sends[t] or self.names[t] in self.unread
        return arrives

    def outputs(self):
        """Names of the blobs that nothing reads, sorted as Caffe lists them; without tops that a loss made up."""
        return sorted(self.unread)


def least(tops):
    return tops if isinstance(tops, int) else tops[0]


def loss_weights(layer, n):
    """One weight a top: as written, else 1 for the first top of a loss."""
    written = list(layer.param.loss_weight)
    if written and len(written) != n:
        raise NetError(f"loss_weight is given once for each top, or not at all: found {len(written)} for {n} tops")
    return written or [float(layer.loss and i == 0) for i in range(n)]


def refusal(place, j):
    name = place.layer.param.bottom[j]
    error: ProtonetError = NetError(
        f"bottom '{name}' is a label and cannot pass on a gradient, but what makes it learns: "
        f"freeze that with lr_mult: 0, or add propagate_down: false"
    )
    return error.at(place.where)
