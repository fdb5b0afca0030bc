"""protonet convert and what it makes, from the command line.  (What a database holds: tests/data/test_convert.py.)"""

import gzip

import numpy as np
import pytest

from protonet.data.database import open_database
from protonet.data.datum import parse

cv2 = pytest.importorskip("cv2")


def records(path):
    source = open_database(str(path))
    try:
        return [(bytes(key).decode(), parse(bytes(value))) for key, value in source.records()]
    finally:
        source.close()


@pytest.fixture
def photos(here):
    """photos/cat/*.png and photos/dog/*.png; and a file that is none."""
    rng = np.random.default_rng(3)
    for name, n in ("cat", 2), ("dog", 3):
        (here / "photos" / name).mkdir(parents=True)
        for i in range(n):
            cv2.imwrite(str(here / "photos" / name / f"{i}.png"), rng.integers(0, 255, (6, 5 + i, 3), np.uint8))
    (here / "photos/dog/notes.txt").write_text("woof")
    (here / "photos/dog/bad.png").write_bytes(b"no image")
    return here / "photos"


def test_a_folder_of_classes_becomes_a_database(command, photos, here):
    done = command("convert", "photos", "-o", "db", "--resize", "8,7")
    assert done.code == 0
    assert done.out == "db: 5 images of 2 classes\n"
    assert "left out, no image: " in done.err
    assert "bad.png" in done.err
    found = records("db")
    assert [datum.label for _, datum in found] == [0, 0, 1, 1, 1]
    assert all(datum.shape == (3, 8, 7) for _, datum in found)
    assert (here / "db/labels.txt").read_text().split() == ["cat", "dog"]


def test_caffes_spelling_of_sizes_and_grey(command, photos, here):
    assert command("convert", "photos", "-o", "db", "-resize_height=4", "-resize_width", 3, "-gray").code == 0
    assert {d.shape for _, d in records("db")} == {(1, 4, 3)}


def test_a_list_has_its_own_labels_and_a_root(command, photos, here):
    (here / "list.txt").write_text("dog/0.png 7\ncat/0.png 3\n")
    assert command("convert", "list.txt", "-o", "db", "--root", "photos/").code == 0
    assert [(key.partition("_")[2], datum.label) for key, datum in records("db")] == [
        ("dog/0.png", 7),
        ("cat/0.png", 3),
    ]


def test_an_order_by_chance_is_that_of_its_seed(command, photos, here):
    for name, seed in ("a", 1), ("b", 1), ("c", 4):
        command("convert", "photos", "-o", name, "--shuffle", "--seed", seed, "--encode_type", "png")
    order = {name: [key.partition("_")[2] for key, _ in records(name)] for name in "abc"}
    assert order["a"] == order["b"] != order["c"]
    assert all(datum.encoded for _, datum in records("a"))


def test_mnists_files_are_taken(command, here):
    images, labels = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5), np.array([4, 2, 9], np.uint8)
    with gzip.open("train-images-idx3-ubyte.gz", "wb") as file:
        file.write(b"\0\0\x08\x03" + np.array(images.shape, ">i4").tobytes() + images.tobytes())
    with gzip.open("train-labels-idx1-ubyte.gz", "wb") as file:
        file.write(b"\0\0\x08\x01" + np.array(labels.shape, ">i4").tobytes() + labels.tobytes())
    assert command("convert", "train-images-idx3-ubyte.gz", "-o", "db").out == "db: 3 images\n"
    found = records("db")
    assert [datum.label for _, datum in found] == [4, 2, 9]
    np.testing.assert_array_equal(found[1][1].image(None)[0], images[1])


def test_a_database_that_is_there_is_kept_unless_told_otherwise(command, photos, here):
    command("convert", "photos", "-o", "db", "--resize=4,4")
    done = command("convert", "photos", "-o", "db", "--resize=8,8")
    assert done.code == 1
    assert "db" in done.err
    assert records("db")[0][1].shape[1] == 4
    assert command("convert", "photos", "-o", "db", "--resize=8,8", "--overwrite").code == 0
    assert records("db")[0][1].shape[1] == 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gone", "-o", "db"], "gone"),
        (["photos", "-o", "db", "--resize", "a"], "--resize takes H,W, found 'a'"),
        (["photos", "-o", "db", "-resize_height", "5"], "--resize_height and --resize_width are given together"),
        (["photos", "-o", "db", "--encode_type", "exe"], "images cannot be encoded as 'exe'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(words, message, command, photos):
    done = command("convert", *words)
    assert done.code == 1
    assert message in done.err.splitlines()[-1]
