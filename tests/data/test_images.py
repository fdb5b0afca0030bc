import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.data.draws import Draws
from protonet.data.images import ImageBatches, read_list
from protonet.data.transform import Transform
from protonet.errors import DataError, ShapeError
from protonet.io import images
from protonet.proto import caffe_pb2

N = 7


@pytest.fixture
def listed(tmp_path, rng):
    """A list of seven images, each of one colour: its label."""
    (tmp_path / "img").mkdir()
    lines = []
    for i in range(N):
        name = f"img/pic {i}.png"
        (tmp_path / name).write_bytes(images.encode(np.full((4, 5, 3), i, np.uint8)))
        lines.append(f"{name} {i}")
    path = tmp_path / "list.txt"
    path.write_text("\n".join(lines) + "\n\n")
    return path


def batches(path, size=3, tops=2, draws=None, transform=None, varied=False, **spec):
    spec = caffe_pb2.ImageDataParameter(source=str(path), batch_size=size, **spec)
    transform = Transform(caffe_pb2.TransformationParameter(**(transform or {})), 1)
    return ImageBatches(spec, path, transform, tops, draws or Draws(1, 2), varied)


def labels(it, count, start=0):
    found = []
    for index in range(start, start + count):
        out = it.fill(index, [np.empty(shape, np.float32) for shape in it.shapes])
        assert_array_equal(out[0][:, 0, 0, 0], out[1])
        found += out[1].astype(int).tolist()
    return found


def test_names_may_hold_spaces_and_blank_lines_are_skipped(listed):
    assert read_list(listed)[2] == ("img/pic 2.png", 2)
    assert len(read_list(listed)) == N


def test_the_list_begins_again_in_the_middle_of_a_batch(listed):
    assert labels(batches(listed), 4) == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4]


def test_any_batch_may_be_asked_for(listed):
    assert labels(batches(listed), 1, start=2) == [6, 0, 1]


def test_every_epoch_is_shuffled_anew_and_shows_each_image_once(listed):
    found = labels(batches(listed, shuffle=True), N)
    epochs = [found[i : i + N] for i in range(0, 3 * N, N)]
    assert all(sorted(epoch) == list(range(N)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert labels(batches(listed, shuffle=True), 2, start=3) == found[9:15]
    assert labels(batches(listed, shuffle=True, draws=Draws(2, 2)), N) != found


def test_the_beginning_is_skipped_at_random(listed):
    begun = {labels(batches(listed, size=1, rand_skip=4, draws=Draws(seed, 0)), 1)[0] for seed in range(30)}
    assert begun == {0, 1, 2, 3}


def test_images_are_resized_and_read_in_gray(listed):
    it = batches(listed, new_height=8, new_width=6, is_color=False)
    assert it.shapes == [(3, 1, 8, 6), (3,)]
    assert labels(it, 1) == [0, 1, 2]


def test_paths_are_looked_for_beside_the_list_and_below_the_root(listed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path.parent)
    other = tmp_path / "other.txt"
    other.write_text("pic 1.png 1\n")
    for root in f"{tmp_path}/img/", f"{tmp_path}/img", "img":
        assert labels(batches(other, size=1, root_folder=root), 1) == [1]


def test_images_of_several_sizes_need_a_crop_or_one_to_a_batch(listed, tmp_path):
    (tmp_path / "img/pic 1.png").write_bytes(images.encode(np.full((9, 9, 3), 1, np.uint8)))
    it = batches(listed)
    with pytest.raises(DataError, match=r"list.txt: 'img/pic 0.png' and on: an image is \(3, 9, 9\), .*need crop_size"):
        labels(it, 1)
    assert labels(batches(listed, transform={"crop_size": 3}), 1) == [0, 1, 2]
    it = batches(listed, size=1, varied=True)
    shapes = [it.fill(i, [np.empty(s, np.float32) for s in it.shapes])[0].shape for i in range(3)]
    assert shapes == [(1, 3, 4, 5), (1, 3, 9, 9), (1, 3, 4, 5)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the list is empty"),
        ("\n \n", "the list is empty"),
        ("a.png 0\nb.png\n", r":2: expected 'path label' .*found 'b.png'"),
        ("a.png one\n", r":1: expected 'path label' with a whole number"),
        ("a.png 0.5\n", r":1: expected 'path label' with a whole number"),
        ("none.png 1\n", r"none.png: the image cannot be read"),
    ],
)
def test_a_list_that_does_not_read_is_refused_by_line(text, why, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=why):
        batches(path)


def test_other_mistakes_are_refused(listed, tmp_path):
    with pytest.raises(DataError, match="the list cannot be read"):
        batches(tmp_path / "none.txt")
    with pytest.raises(DataError, match="rand_skip 1000000 skips more than the list has: 7"):
        batches(listed, rand_skip=1000000)
    with pytest.raises(ShapeError, match=r"list.txt: crop_size 9 x 9 is larger"):
        batches(listed, transform={"crop_size": 9})
