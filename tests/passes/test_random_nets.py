"""Nets made by chance: whatever stands where, folding changes no number under a name that stays."""

import numpy as np
import pytest

from protonet.errors import NetError
from protonet.graph.emit import emit
from protonet.prototxt import parse, write
from tests.passes.tools import assert_same, bn, conv, data, folded, known, layer, scale

AFFINE = "batch_norm", "scale", "scale_only", "bias", "power"
OTHERS = (
    "conv",
    "conv_padded",
    "conv_grouped",
    "deconv",
    "relu",
    "max",
    "average",
    "concat",
    "sum",
    "split",
    "slice",
    "dropout",
)


class Maker:
    """Adds layers to a net by chance; `live` holds the channels of each blob, `read` those that are read."""

    def __init__(self, rng):
        self.rng, self.text, self.count = rng, data(2, 4, 8, 7), 0
        self.live = {"data": 4}
        self.read = set()

    def pick(self, same=None):
        names = [name for name in self.live if same is None or self.live[name] == self.live[same]]
        recent = names[-4:]
        return recent[self.rng.integers(len(recent))]

    def add(self, kind):
        name, bottom = f"{kind}{self.count}", self.pick()
        self.count += 1
        n = self.live[bottom]
        in_place = bottom not in self.read and bottom != "data" and self.rng.random() < 0.5
        top = bottom if in_place else name
        channels = n
        if kind == "batch_norm":
            made = bn(name, bottom, top)
        elif kind == "scale":
            made = scale(name, bottom, top)
        elif kind == "scale_only":
            made = scale(name, bottom, top, "")
        elif kind == "bias":
            made = layer(name, "Bias", bottom, top)
        elif kind == "power":
            made = layer(name, "Power", bottom, top, "power_param { scale: 0.5 shift: 0.2 }")
        elif kind == "relu":
            made = layer(name, "ReLU", bottom, top)
        elif kind == "dropout":
            made = layer(name, "Dropout", bottom, top)
        else:
            top, in_place = name, False
            made, channels = self.apart(kind, name, bottom, n)
        self.text += made
        if not in_place:
            self.read.add(bottom)
        self.live.update(channels if isinstance(channels, dict) else {top: channels})

    def apart(self, kind, name, bottom, n):
        if kind == "conv":
            return conv(name, bottom, n=4, rest="kernel_size: 1 bias_term: false"), 4
        if kind == "conv_padded":
            return conv(name, bottom, n=8, rest="kernel_size: 3 pad: 1"), 8
        if kind == "conv_grouped":
            return conv(name, bottom, n=n, rest=f"kernel_size: 1 group: {n // 2}"), n
        if kind == "deconv":
            return layer(name, "Deconvolution", bottom, name, "convolution_param { num_output: 4 kernel_size: 1 }"), 4
        if kind in ("max", "average"):
            pool = "MAX" if kind == "max" else "AVE"
            rest = f"pooling_param {{ pool: {pool} kernel_size: 3 stride: 1 pad: 1 }}"
            return layer(name, "Pooling", bottom, name, rest), n
        if kind == "split":
            return layer(name, "Split", bottom, f"{name}a {name}b"), {f"{name}a": n, f"{name}b": n}
        if kind == "slice":
            return layer(name, "Slice", bottom, f"{name}a {name}b"), {f"{name}a": n // 2, f"{name}b": n // 2}
        other = self.pick(same=bottom if kind == "sum" else None)
        self.read.add(other)
        if kind == "sum":
            return layer(name, "Eltwise", f"{bottom} {other}", name), n
        return layer(name, "Concat", f"{bottom} {other}", name), n + self.live[other]


def net(seed):
    rng = np.random.default_rng(seed)
    maker = Maker(rng)
    for _ in range(rng.integers(5, 22)):
        kinds = AFFINE if rng.random() < 0.45 else OTHERS
        kind = kinds[rng.integers(len(kinds))]
        if kind in ("conv_grouped", "slice") and any(n % 2 for n in maker.live.values()):
            continue
        maker.add(kind)
    return maker.text


@pytest.mark.parametrize("seed", range(40))
def test_folding_changes_no_number(seed, rng):
    text = net(seed)
    known(text)
    try:
        before, after, _ = folded(text, rng)
    except NetError as error:
        pytest.skip(f"no net came of it: {error}")
    assert "BatchNorm" not in {node.type for node in after.nodes}
    assert_same(before, after)
    assert parse.loads(write.dumps(emit(after))).message == emit(after)
