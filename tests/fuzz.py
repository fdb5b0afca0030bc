"""One fuzzing run, in a process of its own: it may crash, hang or take all memory, and test_fuzz.py sees that.

    python -m tests.fuzz text|binary|layers FOLDER SECONDS SEED

FOLDER/case holds what was tried last.  Anything but a ProtonetError is a failure; so is one try of more than a minute.
"""

import faulthandler
import logging
import random
import re
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

import protonet
from protonet.data import datum
from protonet.errors import ProtonetError
from protonet.io import Weights, arrays, images, mean, solverstate
from protonet.layers import REGISTRY
from protonet.proto import caffe_pb2
from protonet.prototxt import parse, upgrade, write
from protonet.prototxt.scalar import repeated
from protonet.runtime import limit
from tests.conftest import CORPUS, files
from tests.layers.examples import EXAMPLES

HANG = 60  # seconds
ADDRESSES = 24 << 30  # bytes: threads and compiled code take much that is never touched
WORDS = ["-1", "0", "1", "2", "3", "7", "1000000", "2147483647", "4294967295", "1000000000000", "nan", "inf", "1e38"]
WORDS += ["true", "TEST", "MAX", '"data"', '"conv1"', "{", "}", ":", "#", "layer", "layers", "bottom", "top", "param"]
NET = """
name: "n" layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "relu" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool" type: "Pooling" bottom: "conv1" top: "pool" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
layer { name: "re" type: "Reshape" bottom: "pool" top: "re" reshape_param { shape { dim: 0 dim: -1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "re" top: "ip" inner_product_param { num_output: 5 } }
layer { name: "s" type: "Slice" bottom: "ip" top: "a" top: "b" slice_param { slice_point: 2 } }
layer { name: "c" type: "Concat" bottom: "b" bottom: "a" top: "c" concat_param { axis: 1 } include { phase: TEST } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""


def texts():
    small = [p for p in files(CORPUS, "*.prototxt") if p.stat().st_size < 6000][::9] if CORPUS.exists() else []
    return [NET, *(p.read_text("utf-8", "replace") for p in small)]


@st.composite
def mutated_texts(draw, bases):
    tokens = re.findall(r'"[^"]*"|[\w.+-]+|\s+|.', draw(st.sampled_from(bases)), re.S)
    for _ in range(draw(st.integers(1, 4))):
        if not tokens:
            break
        at, what = (
            draw(st.integers(0, len(tokens) - 1)),
            draw(st.sampled_from(["word", "other", "cut", "twice", "text"])),
        )
        if what == "word":
            tokens[at] = draw(st.sampled_from(WORDS))
        elif what == "other":
            tokens[at] = tokens[draw(st.integers(0, len(tokens) - 1))]
        elif what == "text":
            tokens[at] = draw(st.text(max_size=5))
        else:
            end = min(len(tokens), at + draw(st.integers(1, 30)))
            tokens[at:end] = [] if what == "cut" else tokens[at:end] * 2
    return "".join(tokens)


def try_text(folder):
    """Text, and bytes of a file: parsed, upgraded, built."""
    bases = texts()

    def attempt(data):
        text, phase = data
        path = folder / "case"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        document = parse.load(path)
        net = protonet.Net(document, phase, fill=False, trains=False)
        if path.stat().st_size < 2000:
            write.dumps(net.param)

    some = mutated_texts(bases) | st.binary(max_size=60) | mutated_texts([NET])
    return st.tuples(some, st.sampled_from([0, 1])), attempt


@st.composite
def mutated_bytes(draw, bases):
    kind = draw(st.sampled_from(sorted(bases)))
    data = bytearray(bases[kind])
    for _ in range(draw(st.integers(0, 5))):
        if not data:
            break
        at = draw(st.integers(0, len(data) - 1) | st.integers(0, min(len(data), 64) - 1))
        what = draw(st.sampled_from(["byte", "high", "cut", "end", "more"]))
        if what in ("byte", "high"):
            data[at] = 255 if what == "high" else draw(st.integers(0, 255))
        elif what == "more":
            data[at:at] = draw(st.binary(min_size=1, max_size=10))
        else:
            del data[at : len(data) if what == "end" else at + draw(st.integers(1, 8))]
    return kind, bytes(data)


def try_binary(folder):
    """Files of weights, solver states, means, arrays, images, records of a database."""
    net = protonet.Net(parse.loads(NET))
    blobs = [np.arange(6, dtype=np.float32).reshape(2, 3)]
    net.save(folder / "a.caffemodel", diffs=True)
    net.save(folder / "a.caffemodel.h5")
    state = solverstate.SolverState(iter=7, learned_net="a.caffemodel", history=blobs)
    solverstate.save_solverstate(folder / "a.solverstate", state)
    solverstate.save_solverstate(folder / "a.solverstate.h5", state)
    mean.save_mean(folder / "a.binaryproto", np.ones((3, 4, 5), np.float32))
    np.save(folder / "a.npy", blobs[0])
    arrays.save_npz(folder / "a.npz", {"x": blobs[0]})
    pixels = np.random.default_rng(1).integers(0, 255, (9, 7, 3), np.uint8)
    for end in "png", "jpg", "bmp":
        (folder / f"a.{end}").write_bytes(images.encode(pixels, end))
    made = caffe_pb2.Datum(channels=3, height=9, width=7, data=pixels.tobytes(), label=3)
    (folder / "a.datum").write_bytes(made.SerializeToString())
    coded = caffe_pb2.Datum(data=images.encode(pixels), encoded=True)
    (folder / "b.datum").write_bytes(coded.SerializeToString())
    readers = {
        "caffemodel": protonet.io.load_weights, "caffemodel.h5": protonet.io.load_weights,
        "solverstate": solverstate.load_solverstate, "solverstate.h5": solverstate.load_solverstate,
        "binaryproto": mean.load_mean, "npy": arrays.load_npy, "npz": arrays.load_npz,
        "datum": lambda path: datum.parse(path.read_bytes()).image(),
        **dict.fromkeys(("png", "jpg", "bmp"), images.read_image),
    }  # fmt: skip
    bases = {path.name: path.read_bytes() for path in sorted(folder.glob("?.*"))}

    def attempt(data):
        name, content = data
        path = folder / f"case-{name}"
        path.write_bytes(content)
        (folder / "case").write_text(path.name)
        found = readers[name.partition(".")[2]](path)
        if isinstance(found, Weights):
            protonet.Net(parse.loads(NET), weights=found)

    return mutated_bytes(bases), attempt


SIZES = st.sampled_from([0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 16, -1, -2, 100, 2147483647])
REALS = st.sampled_from([0.0, 1.0, 0.5, 2.0, -1.0, 1e-3, 1e30, -0.5, float("nan"), float("inf")])
OUTSIDE = {"HDF5Output", "Python"}  # they write files, run code


def numbers(field):
    """Small numbers, for the most part, that the field can hold."""
    from google.protobuf.descriptor import FieldDescriptor as F

    if field.cpp_type in (F.CPPTYPE_FLOAT, F.CPPTYPE_DOUBLE):
        return REALS
    if field.cpp_type in (F.CPPTYPE_UINT32, F.CPPTYPE_UINT64):
        return SIZES.map(abs)
    if field.cpp_type == F.CPPTYPE_ENUM:
        return st.sampled_from([value.number for value in field.enum_type.values])
    if field.cpp_type == F.CPPTYPE_BOOL:
        return st.booleans()
    if field.cpp_type == F.CPPTYPE_STRING:
        return st.just(b"x") if field.type == F.TYPE_BYTES else st.sampled_from(["", "x", "constant", "xavier", "msra"])
    return SIZES


def vary(draw, message, depth=3):
    """Set some fields of a message to other things."""
    known = [f for f in message.DESCRIPTOR.fields if f.name != "unparsed" and (depth or not f.message_type)]
    for field in draw(st.lists(st.sampled_from(known), max_size=3, unique_by=lambda f: f.name)) if known else ():
        target = getattr(message, field.name)
        if field.message_type:
            vary(draw, target.add() if repeated(field) else target, depth - 1)
        elif repeated(field):
            del target[:]
            target.extend(draw(st.lists(numbers(field), min_size=1, max_size=3)))
        else:
            setattr(message, field.name, draw(numbers(field)))


@st.composite
def single_layers(draw, kinds):
    """A net of one layer, with inputs of any shapes: an example of its type, varied."""
    kind = draw(st.sampled_from(kinds))
    cls = REGISTRY[kind]
    example = EXAMPLES.get(kind)
    text = f'layer {{ name: "it" type: "{kind}" {example.text if example else ""} }}'
    layer = parse.loads(text).message.layer[0]
    spec = getattr(layer, cls.spec_field) if cls.spec_field else None
    if spec is not None and draw(st.integers(0, 4)):
        vary(draw, spec)
    shape = st.lists(st.sampled_from([0, 1, 2, 3, 3, 4, 5, 8]), max_size=5).map(tuple)
    given_shapes = list(example.shapes) if example else [(2, 3, 4, 5)]
    what = draw(st.integers(0, 3))
    if what == 0:
        given_shapes = draw(st.lists(shape, max_size=4))
    elif what == 1:
        given_shapes = [draw(st.just(s) | shape) for s in given_shapes]
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
    values = draw(st.sampled_from(["normal", "large", "whole", "nan", "negative"]))
    return net, draw(st.sampled_from([0, 1])), values


def try_layers(folder):
    """A layer alone: shaped, filled, run forward and back."""
    kinds = sorted(
        name for name, cls in REGISTRY.items() if name not in OUTSIDE and (not cls.source or name == "DummyData")
    )

    def attempt(data):
        param, phase, values = data
        (folder / "case").write_text(f"{write.dumps(param)}# {phase} {values}")
        upgrade.upgrade_net(param)
        net = protonet.Net(param, phase, threads=1, seed=1)
        if sum(blob.count for blob in net.blob_list) > 1 << 22:
            return
        rng = np.random.default_rng(1)
        for name in net.inputs:
            blob = net.blobs[name].data
            blob[...] = rng.normal(size=blob.shape)
            if values != "normal":
                blob[...] = {"large": 1e30, "whole": 2, "nan": np.nan, "negative": -3}[values]
        net.forward_layers()
        net.backward_layers()

    return single_layers(kinds), attempt


ROUNDS = 6  # in the suite: the same cases on every machine, whatever its speed
PATIENCE = 240  # s, for the suite


def main(what, folder, seconds, start):
    """Try for so many seconds; 0: ROUNDS rounds of cases that are always the same."""
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=HypothesisWarning)  # that texts are long
    logging.disable(logging.CRITICAL)
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    except ImportError:  # Windows
        pass
    strategy, attempt = {"text": try_text, "binary": try_binary, "layers": try_layers}[what](folder)
    until, tried = time.monotonic() + (seconds or PATIENCE), {"all": 0, "good": 0}

    def one(data):
        if time.monotonic() > until:
            return
        faulthandler.dump_traceback_later(HANG, exit=True)
        tried["all"] += 1
        try:
            attempt(data)
            tried["good"] += 1
        except ProtonetError:
            pass
        finally:
            faulthandler.cancel_dump_traceback_later()

    quiet = settings(
        max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    rng, rounds = random.Random(start), 0
    while time.monotonic() < until and (seconds or rounds < ROUNDS):
        seed(rng.getrandbits(32))(quiet(given(strategy)(one)))()
        rounds += 1
    sys.stdout.write(f"{tried['all']} {tried['good']}\n")


if __name__ == "__main__":
    assert limit.limit() > 0
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
