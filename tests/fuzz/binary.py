"""Files of weights, solver states, means, arrays, images, digits, records of a database."""

import gzip

import numpy as np

import protonet
from protonet.data import datum, idx
from protonet.io import Weights, arrays, images, mean, solverstate
from protonet.proto import caffe_pb2
from protonet.prototxt import parse
from tests.fuzz import draw
from tests.fuzz.text import NET


def target(folder):
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
    floats = caffe_pb2.Datum(channels=2, height=1, width=3, float_data=range(6))
    (folder / "c.datum").write_bytes(floats.SerializeToString())
    digits = bytes((0, 0, 8, 3)) + b"".join(n.to_bytes(4, "big") for n in (2, 3, 4)) + bytes(24)
    (folder / "a.idx").write_bytes(digits)
    (folder / "b.idx").write_bytes(gzip.compress(digits))
    readers = {
        "caffemodel": protonet.io.load_weights, "caffemodel.h5": protonet.io.load_weights,
        "solverstate": solverstate.load_solverstate, "solverstate.h5": solverstate.load_solverstate,
        "binaryproto": mean.load_mean, "npy": arrays.load_npy, "npz": arrays.load_npz,
        "datum": lambda path: datum.parse(path.read_bytes()).image(), "idx": lambda p: idx.is_idx(p) and idx.load(p),
        **dict.fromkeys(("png", "jpg", "bmp"), images.read_image),
    }  # fmt: skip
    bases = {path.name: path.read_bytes() for path in sorted(folder.glob("?.*"))}

    def attempt(data):
        name, content = data
        path = folder / f"case-{name}"
        path.write_bytes(content)
        (folder / "case").write_text(f"{path.name}\n{content.hex()}")
        found = readers[name.partition(".")[2]](path)
        if isinstance(found, Weights):
            protonet.Net(parse.loads(NET), weights=found)

    return draw.files(bases), attempt
