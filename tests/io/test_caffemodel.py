import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet import io
from protonet.errors import WeightsError
from protonet.io import caffemodel
from protonet.proto import caffe_pb2
from tests.conftest import GOLDEN, files, needs

MODELS = [path for folder in ("solvers", "logs", "deploy") for path in files(GOLDEN / folder, "*.caffemodel")]


@needs(GOLDEN)
def test_every_recorded_model_reads_as_protobuf_reads_it_and_is_written_the_same_byte_for_byte(tmp_path):
    assert len(MODELS) > 50
    for path in MODELS:
        weights = io.load_weights(path)
        net = caffe_pb2.NetParameter.FromString(path.read_bytes())
        assert list(weights) == [layer.name for layer in net.layer]
        for layer in net.layer:
            for array, blob in zip(weights[layer.name], layer.blobs, strict=True):
                assert_array_equal(array.ravel(), blob.data)
                assert array.shape == tuple(blob.shape.dim)
        again = tmp_path / "again.caffemodel"
        io.save_weights(again, weights, net, diffs=bool(weights.diffs))
        assert again.read_bytes() == path.read_bytes(), path


@needs(GOLDEN)
def test_gradients_are_read_and_written_where_the_snapshot_has_them(golden, tmp_path):
    path = golden / "solvers/snap_diff/snap_iter_3.caffemodel"
    weights = io.load_weights(path)
    assert set(weights.diffs) == {"conv", "ip"}
    io.save_weights(tmp_path / "without.caffemodel", weights)
    assert io.load_weights(tmp_path / "without.caffemodel").diffs == {}


def blob(*values):
    return caffe_pb2.BlobProto(data=values, num=1, channels=1, height=1, width=len(values))


def test_the_two_older_kinds_of_layers_are_read():
    net = caffe_pb2.NetParameter()
    net.layers.add(name="one").blobs.add().CopyFrom(blob(1, 2))
    inner = net.layers.add().layer
    inner.name = "two"
    inner.blobs.add().CopyFrom(blob(3))
    weights = caffemodel.parse(net.SerializeToString())
    assert list(weights) == ["one", "two"]
    assert_array_equal(weights["one"][0], [[[[1, 2]]]])
    assert_array_equal(weights["two"][0], [[[[3]]]])


def test_the_layer_with_blobs_counts_where_a_name_stands_twice():
    net = caffe_pb2.NetParameter()
    net.layer.add(name="x").blobs.add(data=[1])
    net.layer.add(name="x")
    assert_array_equal(caffemodel.parse(net.SerializeToString())["x"][0], [1])


@pytest.fixture
def model(tmp_path, rng):
    """A small model on disk."""
    path = tmp_path / "net.caffemodel"
    io.save_weights(path, io.Weights({"conv": [rng.normal(size=(8, 3, 3, 3))], "ip": [rng.normal(size=(10, 8))]}))
    return path


def refused(path):
    with pytest.raises(WeightsError) as error:
        io.load_weights(path)
    assert str(path) in str(error.value)
    return str(error.value)


def test_a_truncated_download_is_named_and_says_where_it_ends(model):
    whole = model.read_bytes()
    for size, where in ((len(whole) - 5, "after layer 'conv': a truncated"), (200, "of its first layer: a truncated")):
        model.write_bytes(whole[:size])
        assert where in refused(model)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "an empty file"),
        (bytes(5000), "nothing but zero bytes"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html>\n<html><title>Sign in</title></html>", "an HTML page"),
        (b"\n\n<html><body>404</body></html>", "an HTML page"),
        (b"\xef\xbb\xbf<!doctype HTML>\n<html>", "an HTML page"),
        (b"<!-- mirror -->\n<!-- of -->\n<html>", "an HTML page"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0">', "an HTML page"),
        (b"<html><title>T\xe9l\xe9chargement</title>", "an HTML page"),
        (b'<?xml version="1.0"?>\n<net name="lenet"/>', "an XML file"),
        (b'{"error": "not found"}', "a JSON file"),
        (b'name: "LeNet"\nlayer {\n  name: "conv1"\n}\n', "a prototxt"),
        (b"# LeNet\ninput: 'data'\n", "a prototxt"),
        (b"Not Found", "a text file"),
        (b"PK\x03\x04\x14\x00\x00\x00archive/data.pkl", "a zip archive"),
        (b"\x80\x02}q\x00(X\x05\x00\x00\x00state", "a Python pickle"),
        (b"\x08\x07\x12\x07pytorch\x1a\x051.9.0:\x05", "an ONNX model"),
        (b"\x1f\x8b\x08\x00\x00", "a gzip archive"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b'\x10\x00\x00\x00\x00\x00\x00\x00{"a":{}}xx', "a safetensors file"),
        (b"\x07" + b"\xff" * 300, "no protobuf message"),
        (b"\x0a\x03net", "a message without layers"),
    ],
)
def test_a_file_that_is_no_model_is_named_for_what_it_is(tmp_path, content, what):
    path = tmp_path / "x.caffemodel"
    path.write_bytes(content)
    assert what in refused(path)


@needs(GOLDEN)
def test_other_files_of_caffes_are_told_apart(golden):
    assert "a solverstate" in refused(golden / "logs/lenet_iter_20.solverstate")
    assert "a single blob (a mean file)" in refused(golden / "data/mean.binaryproto")
    assert "a folder" in refused(golden / "data")


def test_a_missing_file_is_an_error_with_its_name(tmp_path):
    assert "No such file" in refused(tmp_path / "none.caffemodel")


def test_a_blob_that_lies_about_its_size_is_refused_by_layer(tmp_path):
    net = caffe_pb2.NetParameter()
    net.layer.add(name="fc").blobs.add(data=[1, 2]).shape.dim.extend([1 << 40, 1 << 20])
    path = tmp_path / "x.caffemodel"
    path.write_bytes(net.SerializeToString())
    assert "layer 'fc': blob 0: its shape is (1099511627776, 1048576)" in refused(path)


def test_any_bytes_end_in_weights_or_in_an_error(rng):
    whole = bytearray(
        caffe_pb2.NetParameter(layer=[caffe_pb2.LayerParameter(name="a", blobs=[blob(1, 2)])]).SerializeToString()
    )
    for _ in range(2000):
        data = bytearray(whole)
        for at in rng.integers(len(data), size=rng.integers(1, 4)):
            data[at] = rng.integers(256)
        try:
            weights = caffemodel.parse(bytes(data[: rng.integers(len(data) + 1)]))
        except WeightsError:
            continue
        assert weights.count <= 4


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux counts it")
def test_a_large_model_takes_little_more_memory_than_its_numbers(tmp_path):
    path = tmp_path / "large.caffemodel"
    io.save_weights(path, io.Weights({f"ip{i}": [np.ones((1024, 4096), np.float32)] for i in range(8)}))
    code = (
        "import resource, sys\nfrom protonet import io\nimport protonet.io.caffemodel\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "before = peak()\nw = io.load_weights(sys.argv[1])\nprint(w.count, peak() - before)"
    )
    count, grown = map(int, subprocess.check_output([sys.executable, "-c", code, str(path)], text=True).split())
    assert count == 8 << 22
    assert grown < 2.2 * 4 * count  # the numbers, and pages of the file that the system may drop
