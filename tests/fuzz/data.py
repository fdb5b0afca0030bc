"""Data layers on damaged and odd files: databases, HDF5, lists, images, windows, means."""

import shutil

import numpy as np
from hypothesis import strategies as st

import protonet
from protonet.data import datum
from protonet.data import mean as data_mean
from protonet.data.convert import convert
from protonet.data.store import store
from protonet.io import images, mean
from protonet.proto import caffe_pb2
from protonet.prototxt import parse, write
from tests.data import leveldb_writer as ldb
from tests.fuzz import draw
from tests.fuzz.odd import hdf5_files

TRANSFORM = "transform_param { scale: 0.5 crop_size: 4 mirror: true mean_file: 'mean.binaryproto' }"
LAYERS = {
    "Data": "data_param {{ source: '{}' batch_size: 3 }}",
    "HDF5Data": "hdf5_data_param {{ source: 'h5.txt' batch_size: 3 }}",
    "ImageData": "image_data_param {{ source: 'list.txt' batch_size: 2 }}",
    "WindowData": "window_data_param {{ source: 'windows.txt' batch_size: 4 fg_threshold: 0.5 bg_threshold: 0.5 }}",
}  # fmt: skip
DATUMS = st.fixed_dictionaries({}, optional={
    "channels": st.sampled_from([0, 1, 3, -1, 1 << 30]), "height": st.sampled_from([0, 1, 6, -6, 1 << 30]),
    "width": st.sampled_from([0, 7, 5, 1 << 30]),
    "data": st.sampled_from([b"", bytes(126), bytes(125), b"\x89PNG\r\n"]),
    "label": st.sampled_from([0, -1, 1 << 30, 3]), "float_data": st.lists(st.floats(width=32), max_size=8),
    "encoded": st.booleans(),
})  # fmt: skip


def make(folder):
    """One of each kind of data, all of images of 3 x 6 x 7."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 255, (5, 6, 7, 3), np.uint8)
    raws = [datum.raw(images.planes(image), i) for i, image in enumerate(pixels)]
    coded = [
        datum.encoded(images.encode(image, end), 1) for image, end in zip(pixels, ["png", "jpg"] * 3, strict=False)
    ]
    for name, records in (("raw", raws), ("coded", coded), ("many", raws * 40)):
        store(folder / name, [(b"%08d" % i, each) for i, each in enumerate(records)])
    levels = folder / "levels"
    levels.mkdir()
    entries = [(b"%08d" % i, 1 + i, 1, each) for i, each in enumerate(raws)]
    (levels / "000005.ldb").write_bytes(ldb.table(entries, 2))
    (levels / "000007.log").write_bytes(ldb.log([ldb.batch(50, [(b"00000009", raws[0]), (b"00000001", None)])]))
    edit = ldb.edit([(0, 5, ldb.internal(b"00000000", 1), ldb.internal(b"00000004", 5))], log_number=7)
    (levels / "MANIFEST-000004").write_bytes(ldb.log([edit]))
    (levels / "CURRENT").write_bytes(b"MANIFEST-000004\n")
    for i, end in enumerate(["png", "jpg", "bmp"]):
        (folder / f"{i}.{end}").write_bytes(images.encode(pixels[i], end))
    (folder / "list.txt").write_text("0.png 0\n1.jpg 1\n2.bmp 2\n")
    windows = "# 0\n0.png\n3\n6\n7\n2\n1 0.9 0 0 4 4\n0 0.1 1 1 6 5\n# 1\n1.jpg\n3\n6\n7\n1\n2 0.7 2 0 5 5\n"
    (folder / "windows.txt").write_text(windows)
    (folder / "h5.txt").write_text("a.h5\nb.h5\n")
    mean.save_mean(folder / "mean.binaryproto", np.ones((3, 6, 7), np.float32))


def target(folder):
    made = folder / "whole"
    made.mkdir(exist_ok=True)
    make(made)
    tree = {"x": np.ones((4, 2, 3), np.float32), "label": np.arange(4.0)}
    bases = {
        str(p.relative_to(made)): p.read_bytes()
        for p in sorted(made.rglob("*"))
        if p.is_file() and p.name != "lock.mdb"
    }

    @st.composite
    def cases(draw_):
        kind = draw_(st.sampled_from(["Data", "Data", "Data", "HDF5Data", "ImageData", "WindowData"]))
        source = draw_(st.sampled_from(["raw", "coded", "many", "levels", "odd"]))
        transform = draw_(st.sampled_from(["", TRANSFORM])) if kind != "HDF5Data" else ""
        if kind == "WindowData":
            transform = TRANSFORM
        top = "top: 'x' top: 'label'"
        layer = parse.loads(
            f"layer {{ name: 'd' type: '{kind}' {top} {transform} {LAYERS[kind].format(source)} }}"
        ).message.layer[0]
        if not draw_(st.integers(0, 2)):
            spec = next(value for field, value in layer.ListFields() if field.name.endswith("data_param"))
            draw.vary(draw_, spec, 0, without=("unparsed", "source"))
        if transform and not draw_(st.integers(0, 2)):
            draw.vary(draw_, layer.transform_param, 0, without=("unparsed", "mean_file"))
        near = {
            "Data": [n for n in bases if n.startswith(source)], "HDF5Data": ["h5.txt"],
            "ImageData": ["list.txt", "0.png", "1.jpg", "2.bmp"], "WindowData": ["windows.txt", "0.png", "1.jpg"],
        }[kind] + ["mean.binaryproto"]  # fmt: skip
        name = draw_(st.sampled_from(near))
        content = bases[name]
        if name.endswith(".txt"):
            content = draw_(draw.texts([content.decode()])).encode("utf-8", "surrogatepass")
        elif draw_(st.booleans()):
            content = draw.damaged(draw_, content)
        elif name.endswith("data.mdb"):
            content = page_damaged(draw_, content)
        odd = [draw_(DATUMS) for _ in range(draw_(st.integers(1, 3)))] if kind == "Data" and source == "odd" else []
        files = [draw_(hdf5_files(tree)) for _ in range(2)] if kind == "HDF5Data" else []
        return layer, name, content, odd, files, draw_(st.sampled_from([0, 1])), draw_(st.booleans())

    def attempt(case):
        layer, name, content, odd, files, phase, tool = case
        place = folder / "here"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(made, place)
        (place / name).write_bytes(content)
        if odd:
            records = [caffe_pb2.Datum(**each).SerializeToString() for each in odd]
            store(place / "odd", [(b"%d" % i, each) for i, each in enumerate(records)])
        for file, end in zip(files, "ab", strict=False):
            (place / f"{end}.h5").write_bytes(file(folder))
        net = caffe_pb2.NetParameter(layer=[layer])
        text = write.dumps(net)
        (folder / "case").write_text(f"{text}# {name} {odd} {phase} {tool}")
        (place / "net.prototxt").write_text(text)
        if tool and layer.type == "Data":
            data_mean.mean_image(place / layer.data_param.source)
        elif tool and layer.type == "ImageData":
            convert(place / "list.txt", place / "converted", encoded=bool(phase))
        net = protonet.Net(str(place / "net.prototxt"), phase, threads=1, seed=1)
        try:
            for _ in range(3):
                net.forward_layers()
        finally:
            for each in net.places:
                if getattr(each.layer, "feed", None):
                    each.layer.feed.close()

    return cases(), attempt


def page_damaged(draw_, content):
    """A database with other bytes in the heads of its pages, where its tree is."""
    data = bytearray(content)
    for _ in range(draw_(st.integers(1, 4))):
        page, at = draw_(st.integers(0, len(data) // 4096 - 1)), draw_(st.integers(0, 200))
        data[page * 4096 + at] = draw_(st.sampled_from([0, 1, 2, 4, 8, 16, 255, 127, 128]))
    return bytes(data)
