import gzip
import json
import struct

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.data import convert
from protonet.data.database import open_database
from protonet.data.datum import parse
from protonet.errors import DataError
from protonet.io import images
from protonet.proto import caffe_pb2
from tests.conftest import GOLDEN, needs

FOLDER = GOLDEN / "data"


def contents(path):
    database = open_database(path)
    found = [(bytes(key), bytes(value)) for key, value in database.records()]
    database.close()
    return found


@needs(FOLDER)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("conv_lmdb", {}),
        ("conv_leveldb", {}),
        ("enc_lmdb", {"encoded": True}),
        ("convgray_lmdb", {"gray": True}),
        ("png_lmdb", {"encoded": True, "encode_type": "png", "resize": (9, 8)}),
    ],
)
def test_a_list_becomes_what_caffes_tool_makes_of_it(name, options, tmp_path):
    result = convert.convert(FOLDER / "list.txt", tmp_path / "db", **options)
    assert (result.count, result.skipped, result.classes) == (24, [], [])
    ours, caffes = contents(tmp_path / "db"), contents(FOLDER / name)
    assert [key.decode() for key, _ in ours] == json.loads((FOLDER / "conv_lmdb_keys.json").read_text())
    if name != "png_lmdb":
        assert ours == caffes
    for (key, mine), (other, theirs) in zip(ours, caffes, strict=True):
        assert key == other
        assert parse(mine).label == parse(theirs).label
        assert_array_equal(parse(mine).image(), parse(theirs).image())


def picture(value, size=(4, 5)):
    return images.encode(np.full((*size, 3), value, np.uint8))


@pytest.fixture
def classes(tmp_path):
    for i, name in enumerate(("cat", "dog", "owl")):
        (tmp_path / "pets" / name / "deep").mkdir(parents=True)
        for k in range(2):
            (tmp_path / "pets" / name / f"{k}.png").write_bytes(picture(10 * i + k))
        (tmp_path / "pets" / name / "deep" / "größe.PNG").write_bytes(picture(10 * i + 9))
        (tmp_path / "pets" / name / "Thumbs.db").write_bytes(b"no image")
    (tmp_path / "pets" / ".hidden").mkdir()
    return tmp_path / "pets"


def test_a_folder_of_folders_has_its_names_for_labels(classes, tmp_path):
    result = convert.convert(classes, tmp_path / "db")
    assert result.count == 9
    assert result.classes == ["cat", "dog", "owl"]
    assert (tmp_path / "db" / "labels.txt").read_text() == "cat\ndog\nowl\n"
    found = contents(tmp_path / "db")
    assert found[0][0] == b"00000000_cat/0.png"
    assert found[5][0] == "00000005_dog/deep/größe.PNG".encode()
    assert [parse(value).label for _, value in found] == [0] * 3 + [1] * 3 + [2] * 3
    assert [int(parse(value).image()[0, 0, 0]) for _, value in found] == [0, 1, 9, 10, 11, 19, 20, 21, 29]


def test_the_test_set_takes_the_order_of_the_training_set(classes, tmp_path):
    (tmp_path / "labels.txt").write_text("owl\ncat\nemu\ndog\n")
    result = convert.convert(classes, tmp_path / "db", labels=tmp_path / "labels.txt")
    assert result.classes == ["owl", "cat", "emu", "dog"]
    assert sorted({parse(value).label for _, value in contents(tmp_path / "db")}) == [0, 1, 3]
    (tmp_path / "labels.txt").write_text("owl\n")
    with pytest.raises(DataError, match=r"pets: the class cat is not in .*labels.txt"):
        convert.convert(classes, tmp_path / "other", labels=tmp_path / "labels.txt")


def test_shuffling_is_by_seed(classes, tmp_path):
    orders = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        convert.convert(classes, tmp_path / name, shuffle=True, seed=seed)
        orders.append([key[9:] for key, _ in contents(tmp_path / name)])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


def test_what_is_no_image_is_left_out_and_said(classes, tmp_path, caplog):
    (classes / "dog" / "0.png").write_bytes(b"not an image")
    seen = []
    result = convert.convert(classes, tmp_path / "db", progress=lambda done, of: seen.append((done, of)))
    assert result.count == 8
    assert result.skipped == [str(classes / "dog" / "0.png")]
    assert "left out" in caplog.text
    assert [key for key, _ in contents(tmp_path / "db")][3] == b"00000004_dog/1.png"
    assert seen[-1] == (9, 9)


def test_if_nothing_can_be_read_there_is_no_database(tmp_path):
    (tmp_path / "list.txt").write_text("a.png 1\nb.png 2\n")
    with pytest.raises(DataError, match=r"none of the 2 files could be read; the first: .*a.png"):
        convert.convert(tmp_path / "list.txt", tmp_path / "db")
    assert [p.name for p in tmp_path.iterdir()] == ["list.txt"]


def idx(array):
    return bytes((0, 0, 8, array.ndim)) + b"".join(struct.pack(">I", n) for n in array.shape) + array.tobytes()


@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_become_what_caffes_mnist_tool_makes(packed, tmp_path, rng):
    pixels = rng.integers(0, 256, (5, 6, 7), dtype=np.uint8)
    pack, end = (gzip.compress, ".gz") if packed else (bytes, "")
    (tmp_path / f"t10k-images-idx3-ubyte{end}").write_bytes(pack(idx(pixels)))
    (tmp_path / f"t10k-labels-idx1-ubyte{end}").write_bytes(pack(idx(np.arange(5, dtype=np.uint8))))
    assert convert.convert(tmp_path / f"t10k-images-idx3-ubyte{end}", tmp_path / "db").count == 5
    for i, (key, value) in enumerate(contents(tmp_path / "db")):
        assert key == b"%08d" % i
        expected = caffe_pb2.Datum(channels=1, height=6, width=7, data=pixels[i].tobytes(), label=i)
        assert value == expected.SerializeToString()


def test_idx_images_may_be_resized_and_encoded(tmp_path, rng):
    (tmp_path / "x-images.idx3-ubyte").write_bytes(idx(rng.integers(0, 256, (3, 6, 7), dtype=np.uint8)))
    (tmp_path / "y").write_bytes(idx(np.arange(3, dtype=np.uint8)))
    convert.convert(
        tmp_path / "x-images.idx3-ubyte", tmp_path / "db", labels=tmp_path / "y", resize=(3, 4), encoded=True
    )
    datum = parse(contents(tmp_path / "db")[2][1])
    assert datum.encoded
    assert datum.image().shape == (1, 3, 4)
    assert datum.label == 2


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda p: None, "there is no such folder, list or IDX file"),
        (lambda p: p.mkdir(), "expected a folder for each class"),
        (
            lambda p: (p.mkdir(), (p / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((1, 2, 2), np.uint8)))),
            ".* it holds IDX files: name",
        ),
        (lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\n\0\0"), "expected a folder of class folders, .* found a PNG image"),
        (lambda p: p.write_bytes(idx(np.zeros((1, 2, 2), np.uint8))), "found no labels beside these images"),
    ],
)
def test_other_sources_are_refused(make, why, tmp_path):
    make(tmp_path / "source")
    with pytest.raises(DataError, match=f"source: {why}"):
        convert.convert(tmp_path / "source", tmp_path / "db")


def test_arrays_are_written_as_they_are(tmp_path, rng):
    pixels = rng.integers(0, 256, (4, 3, 2, 2), dtype=np.uint8)
    assert convert.write(tmp_path / "db", pixels, [3, 2, 1, 0]) == 4
    assert_array_equal([parse(value).image() for _, value in contents(tmp_path / "db")], pixels)
    assert convert.write(tmp_path / "db", pixels[:1], np.array([7])) == 1
    assert [parse(value).label for _, value in contents(tmp_path / "db")] == [7]


def test_arrays_of_another_kind_are_refused(tmp_path):
    for array, labels in (
        (np.zeros((2, 3, 4, 4)), [1, 2]),
        (np.zeros((2, 4, 4), np.uint8), [1, 2]),
        (np.zeros((2, 1, 4, 4), np.uint8), [1]),
    ):
        with pytest.raises(DataError, match="expected uint8 images"):
            convert.write(tmp_path / "db", array, labels)
