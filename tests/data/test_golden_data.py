"""What Caffe's data layers gave for the first batches under each transform, file for file, pixel for pixel."""

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_array_equal

from protonet.layers import TEST, TRAIN
from protonet.proto import caffe_pb2
from tests.conftest import GOLDEN, files, needs
from tests.tools import Made

FOLDER = GOLDEN / "data"
CASES = [
    path.stem
    for path in files(FOLDER, "data_*.npz", "train_data*.npz", "hdf5*.npz", "image*.npz")
    if path.stem != "hdf5_output"
]
WINDOWS = [path.stem for path in files(FOLDER, "window*.npz")]

pytestmark = needs(FOLDER)


def case(name):
    """(recorded arrays, the layer that should give them)."""
    recorded = np.load(FOLDER / f"{name}.npz")
    net = text_format.Parse(str(recorded["prototxt"]), caffe_pb2.NetParameter())
    phase = TRAIN if "phase" in recorded and str(recorded["phase"]) == "TRAIN" else TEST
    return recorded, net.layer[0], phase


@pytest.mark.parametrize("name", CASES)
def test_every_batch_is_what_caffe_gave(name, monkeypatch):
    monkeypatch.chdir(FOLDER)
    recorded, param, phase = case(name)
    layer = Made(param, [], phase)
    batches = sorted({int(key.split("/")[1]) for key in recorded.files if key.startswith("out/")})
    assert len(batches) >= 2
    for batch in batches:
        for top, array in zip(param.top, layer.forward(), strict=True):
            assert_array_equal(array, recorded[f"out/{batch}/{top}"])


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_have_the_shapes_labels_and_range_that_caffe_gave(name, monkeypatch):
    monkeypatch.chdir(FOLDER)
    recorded, param, phase = case(name)
    layer = Made(param, [], phase)
    for _ in range(3):
        data, label = layer.forward()
        assert data.shape == recorded["out/0/data"].shape
        assert label.shape == recorded["out/0/label"].shape
        assert (label[:2] == 0).all()
        assert (label[2:] >= 1).all()
        low, high = (0, 255) if "context" not in name else (-100, 155)
        assert low <= data.min() < data.max() <= high


def test_arrays_given_to_memory_data_go_round_untransformed():
    recorded, param, phase = case("memory")
    layer = Made(param, [], phase)
    layer.layer.set_arrays(recorded["in/data"], recorded["in/label"])
    for batch in range(3):
        for top, array in zip(param.top, layer.forward(), strict=True):
            assert_array_equal(array, recorded[f"out/{batch}/{top}"])


def test_hdf5_output_writes_the_file_that_caffe_wrote(tmp_path):
    import h5py

    recorded = np.load(FOLDER / "hdf5_output.npz")
    net = text_format.Parse(str(recorded["prototxt"]), caffe_pb2.NetParameter())
    param = net.layer[1]
    param.hdf5_output_param.file_name = str(tmp_path / "out.h5")
    arrays = [recorded[name] for name in ("a", "b")]
    Made(param, [a.shape for a in arrays], wants=[False, False]).forward(*arrays)
    with h5py.File(tmp_path / "out.h5") as ours, h5py.File(FOLDER / "hdf5_output.h5") as caffes:
        assert set(ours) == set(caffes) == {"data", "label"}
        for name in caffes:
            assert ours[name].dtype == caffes[name].dtype
            assert_array_equal(ours[name][()], caffes[name][()])
