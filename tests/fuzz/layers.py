"""A layer alone: shaped, filled, given numbers of any kind, run forward and back."""

import numpy as np
from hypothesis import strategies as st

import protonet
from protonet.errors import ProtonetError
from protonet.layers import REGISTRY
from protonet.proto import caffe_pb2
from protonet.prototxt import parse, upgrade, write
from tests.fuzz import guard
from tests.fuzz.draw import vary
from tests.layers.examples import EXAMPLES

OUTSIDE = {"HDF5Output", "MatWrite", "Python"}  # they write files, run code
ODD = [0, -0.0, 1, -1, 0.5, -0.5, 2, 3, 5, 7, 255, 1e4, -1e4, 2.0**24 + 2, 2.0**31, -(2.0**31), 2.0**32, 2.0**63]
ODD += [-(2.0**63), 2.0**64, 1e30, -1e30, 3e38, 1e-40, np.nan, np.inf, -np.inf]
TURNS = 4  # values of one layer
KINDS = ["normal", "whole", "large", "nan", "negative", "zero", "odd", "one odd", "example", "example, one odd"]


def values(kind, rng, shape, example):
    """Numbers of a kind; example: what its layer likes to be given."""
    if example is not None and kind.startswith("example"):
        made = example.copy()
    elif kind == "odd":
        made = rng.choice(ODD, shape)
    elif kind == "whole":
        made = rng.integers(-2, 6, shape)
    else:
        made = rng.normal(size=shape)
    made = np.array(made, np.float32)
    if kind in ("large", "nan", "negative", "zero"):
        made[...] = {"large": 1e30, "nan": np.nan, "negative": -3, "zero": 0}[kind]
    if kind.endswith("one odd") and made.size:
        made.reshape(-1)[rng.integers(made.size)] = rng.choice(ODD)
    return made


def resized(draw, shapes):
    """One of the sizes made another, often none: in one bottom, or wherever it is."""
    old = draw(st.sampled_from(sorted({n for shape in shapes for n in shape}) or [1]))
    new, where = draw(st.sampled_from([0, 0, 1, 2, 17])), draw(st.integers(-1, len(shapes) - 1))
    return [tuple(new if n == old and where in (-1, i) else n for n in s) for i, s in enumerate(shapes)]


@st.composite
def single_layers(draw, kinds):
    """A net of one layer, with inputs of any shapes: an example of its type, varied."""
    kind = draw(st.sampled_from(kinds))
    cls = REGISTRY[kind]
    example = EXAMPLES.get(kind)
    text = f'layer {{ name: "it" type: "{kind}" {example.text if example else ""} }}'
    layer = parse.loads(text).message.layer[0]
    spec = getattr(layer, cls.spec_field) if cls.spec_field else None
    if spec is not None and draw(st.booleans()):
        vary(draw, spec)
    shape = st.lists(st.sampled_from([0, 1, 2, 3, 3, 4, 5, 8]), max_size=5).map(tuple)
    given_shapes = list(example.shapes) if example else [(2, 3, 4, 5)]
    what = draw(st.integers(0, 7))
    if what == 0:
        given_shapes = draw(st.lists(shape, max_size=4))
    elif what == 1:
        given_shapes = [draw(st.just(s) | shape) for s in given_shapes]
    elif what <= 3:
        given_shapes = resized(draw, given_shapes)
    net = caffe_pb2.NetParameter(force_backward=draw(st.booleans()))
    for i, each in enumerate(given_shapes):
        made = net.layer.add(name=f"in{i}", type="Input", top=[f"in{i}"])
        made.input_param.shape.add().dim.extend(each)
    new = net.layer.add()
    new.CopyFrom(layer)
    if not cls.source:
        new.bottom.extend(f"in{i}" for i in range(len(given_shapes)))
    if not new.top:
        tops = cls.tops if isinstance(cls.tops, int) else cls.tops[0]
        new.top.extend(f"out{i}" for i in range(max(tops, draw(st.sampled_from([1, 1, 1, 2, 3])))))
    numbers = draw(st.lists(st.sampled_from(KINDS), min_size=5, max_size=5))
    return net, draw(st.sampled_from([0, 1])), numbers, draw(st.integers(0, 1000))


def target(folder):
    guard.arm()
    kinds = sorted(
        name for name, cls in REGISTRY.items() if name not in OUTSIDE and (not cls.source or name == "DummyData")
    )

    def attempt(data):
        param, phase, how, start = data
        (folder / "case").write_text(f"{write.dumps(param)}# {phase} {how} {start}")
        kind = param.layer[-1].type
        upgrade.upgrade_net(param)
        net = protonet.Net(param, phase, threads=1, seed=1)
        if sum(blob.count for blob in net.blob_list) > 1 << 22:
            return
        rng = np.random.default_rng(start)
        example, likes = EXAMPLES.get(kind), None
        if example and [net.blobs[name].shape for name in net.inputs] == list(example.shapes):
            likes = example.inputs(rng, example.shapes)
        refused = None
        for turn in range(TURNS):
            for i, name in enumerate(net.inputs):
                blob = net.blobs[name].data
                blob[...] = values(how[(i + turn) % len(how)], rng, blob.shape, likes[i] if likes else None)
            try:
                net.forward_layers()
                net.backward_layers()
            except ProtonetError as error:
                refused = error
        if refused:
            raise refused

    return single_layers(kinds), attempt
