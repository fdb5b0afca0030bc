import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet import io
from protonet.errors import ProtonetError, WeightsError
from tests.conftest import GOLDEN, files, needs


def tree(path):
    """Every group and dataset of a file, with type, shape and numbers."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update(
                {name: (getattr(item, "dtype", None), np.array(item[()]) if hasattr(item, "dtype") else None)}
            )
        )
    return found


@needs(GOLDEN)
@pytest.mark.parametrize("name", [path.parent.name for path in files(GOLDEN / "solvers", "*.caffemodel.h5")])
def test_recorded_weights_are_read_and_written_as_caffe_does(golden, tmp_path, name):
    path = golden / "solvers" / name / "snap_iter_5.caffemodel.h5"
    weights = io.load_weights(path)
    assert weights.count > 0
    io.save_weights(tmp_path / "again.caffemodel.h5", weights)
    ours, caffes = tree(tmp_path / "again.caffemodel.h5"), tree(path)
    assert list(ours) == list(caffes)
    for key, (dtype, values) in caffes.items():
        assert ours[key][0] == dtype
        assert_array_equal(ours[key][1], values)


def test_every_layer_has_its_group_and_shared_blobs_stand_once(tmp_path):
    from protonet.proto import caffe_pb2

    net = caffe_pb2.NetParameter(layer=[caffe_pb2.LayerParameter(name=name) for name in ("data", "a", "b")])
    weights = io.Weights({"a": [np.ones(3), np.ones(2)], "b": [np.ones(3), np.zeros(2)]})
    path = tmp_path / "net.h5"
    io.save_weights(path, weights, net, shared={("b", 0)})
    assert sorted(tree(path)) == ["data", "data/a", "data/a/0", "data/a/1", "data/b", "data/b/1", "data/data"]
    assert_array_equal(io.load_weights(path)["b"][0], np.zeros(2))


def test_gradients_and_names_with_slashes_come_back(tmp_path, rng):
    weights = io.Weights({"a": [rng.normal(size=2)], "a/b": [rng.normal(size=(2, 3))], "inception/1x1/bn": []})
    weights.diffs = {"a/b": [rng.normal(size=(2, 3)).astype(np.float32)]}
    path = tmp_path / "net.h5"
    io.save_weights(path, weights, diffs=True)
    found = io.load_weights(path)
    assert set(found) == {"a", "a/b", "inception/1x1/bn"}
    assert_array_equal(found["a/b"][0], weights["a/b"][0])
    assert_array_equal(found.diffs["a/b"][0], weights.diffs["a/b"][0])


def test_another_programs_file_is_refused_by_what_is_in_it(tmp_path):
    with h5py.File(tmp_path / "keras.h5", "w") as file:
        file.create_group("model_weights")
    with pytest.raises(WeightsError, match=r"keras.h5: expected a group 'data' .* found model_weights"):
        io.load_weights(tmp_path / "keras.h5")


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "net.h5"
    io.save_weights(path, io.Weights({"a": [np.ones((100, 100))]}))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(WeightsError, match=r"net.h5: .*truncated"):
        io.load_weights(path)


def test_a_dataset_that_is_announced_but_not_stored_takes_no_memory(tmp_path):
    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        file.create_dataset("data/fc/0", shape=(1 << 20, 1 << 20), dtype="<f4", chunks=(1, 1024))
    with pytest.raises(WeightsError, match=r"layer 'fc': blob 0: \(1048576, 1048576\) is announced"):
        io.load_weights(tmp_path / "bomb.h5")


def test_text_is_no_weights(tmp_path):
    with h5py.File(tmp_path / "text.h5", "w") as file:
        file["data/fc/0"] = "hello"
    with pytest.raises(WeightsError, match="layer 'fc': blob 0: expected numbers"):
        io.load_weights(tmp_path / "text.h5")


def test_what_unpacks_to_more_than_memory_takes_is_refused(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data/fc/0", data=np.zeros(1 << 20, "<f4"), compression="gzip")
    assert io.load_weights(tmp_path / "a.h5").count == 1 << 20
    monkeypatch.setenv("PROTONET_MAX_MEMORY", "1M")
    with pytest.raises(ProtonetError, match=r"a.h5: layer 'fc': blob 0, of shape .* needs 8388608 bytes"):
        io.load_weights(tmp_path / "a.h5")
