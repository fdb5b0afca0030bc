"""Files of what is found, as SSD writes them."""

import json

import numpy as np
import pytest
from google.protobuf import text_format

from protonet.errors import DataError
from protonet.layers import TEST, TRAIN, make
from protonet.layers.ssd.results import Results
from protonet.proto import caffe_pb2

MAP = 'item { name: "none" label: 0 } item { name: "cat" label: 1 } item { name: "7" label: 2 }'
ROWS = np.array([[0, 1, 0.9, 0.1, 0.2, 0.5, 0.6], [0, 2, 0.25, -1, 0, 2, 0.505], [1, 1, 1 / 3, 0, 0, 1, 1]], np.float32)


@pytest.fixture
def lists(tmp_path):
    (tmp_path / "map.prototxt").write_text(MAP)
    (tmp_path / "sizes.txt").write_text("000012 100 200\n34 50 60\nthird 10 10\n")
    return tmp_path


def made(folder, form, more="num_test_image: 2"):
    text = f'output_directory: "{folder}/out" output_name_prefix: "p_" output_format: "{form}" {more} '
    text += 'label_map_file: "map.prototxt" name_size_file: "sizes.txt"'
    return Results(text_format.Parse(text, caffe_pb2.SaveOutputParameter()), 0, "it")


def test_voc(lists):
    made(lists, "VOC").add(ROWS, 2, lists)
    # 0.1 and 0.5 of 200 are 20 and 100; 0.2 and 0.6 of 100
    assert (lists / "out/p_cat.txt").read_text() == "000012 0.9 20 20 100 60\n34 0.333333 0 0 60 50\n"
    assert (lists / "out/p_7.txt").read_text() == "000012 0.25 0 0 200 50\n"
    assert sorted(path.name for path in (lists / "out").iterdir()) == ["p_7.txt", "p_cat.txt"]


def test_coco(lists):
    made(lists, "COCO").add(ROWS, 2, lists)
    first, second, third = json.loads((lists / "out/p_.json").read_text())
    assert first == dict(image_id="000012", category_id="cat", bbox=[20, 20, 80, 40], score=0.899999976)
    assert second == dict(image_id="000012", category_id=7, bbox=[0, 0, 200, 50.5], score=0.25)
    assert third["image_id"] == 34


def test_ilsvrc(lists):
    made(lists, "ILSVRC").add(ROWS, 2, lists)
    lines = (lists / "out/p_.txt").read_text().splitlines()
    assert lines == ["000012 1 0.9 20 20 100 60", "000012 2 0.25 0 0 200 50", "34 1 0.333333 0 0 60 50"]


def test_files_are_written_when_all_images_have_been_seen_and_anew_after_that(lists):
    it, none = made(lists, "ILSVRC", ""), np.zeros((0, 7), np.float32)
    it.add(ROWS, 2, lists)
    assert not (lists / "out").exists()
    it.add(none, 1, lists)
    assert len((lists / "out/p_.txt").read_text().splitlines()) == 3
    (lists / "out/mine").write_text("stays")
    it.add(none, 3, lists)
    assert (lists / "out/p_.txt").read_text() == ""
    assert (lists / "out/mine").exists()


@pytest.mark.parametrize(
    ("resize", "box", "expected"),
    [
        ("height: 300 width: 300", [0.5, 0.5, 1, 1], "100 50 200 100"),
        # 200 x 100 in 300 x 300: a quarter above and below is padding
        ("height: 300 width: 300 resize_mode: FIT_LARGE_SIZE_AND_PAD", [0.5, 0.25, 1, 0.5], "100 0 200 50"),
        ("height: 300 width: 300 resize_mode: FIT_LARGE_SIZE_AND_PAD", [0.5, 0, 1, 0.25], "100 0 200 25"),
        ("height: 300 width: 300 resize_mode: FIT_SMALL_SIZE", [0.5, 0.5, 1, 1], "100 50 200 100"),
        (
            "height: 9 width: 9 resize_mode: FIT_SMALL_SIZE height_scale: 80 width_scale: 400",
            [0.25, 0.5, 1, 1],
            "100 40 200 80",
        ),
    ],
)
def test_boxes_are_moved_back_from_how_images_were_made_to_fit(resize, box, expected, lists):
    it = made(lists, "ILSVRC", f"num_test_image: 1 resize_param {{ {resize} }}")
    it.add(np.array([[0, 1, 1, *box]], np.float32), 1, lists)
    assert (lists / "out/p_.txt").read_text() == f"000012 1 1 {expected}\n"


def test_labels_without_a_name_are_refused(lists):
    with pytest.raises(DataError, match=r"label_map_file 'map.prototxt' has no label 3"):
        made(lists, "VOC").add(np.array([[0, 3, 1, 0, 0, 1, 1]], np.float32), 1, lists)


@pytest.mark.parametrize(
    ("lost", "form", "more", "why"),
    [
        ("map.prototxt", "VOC", "", "label_map_file 'map.prototxt' is not there"),
        ("sizes.txt", "VOC", "", "name_size_file 'sizes.txt' is not there"),
        (None, "YOLO", "", "output_format is one of VOC, COCO, ILSVRC, not 'YOLO'"),
        (None, "VOC", "num_test_image: 4", "num_test_image is 4, and name_size_file names 3"),
    ],
)
def test_where_nothing_can_be_written_that_is_said_once(lost, form, more, why, lists, caplog):
    if lost:
        (lists / lost).unlink()
    it = made(lists, form, more)
    for _ in range(2):
        it.add(ROWS, 2, lists)
    (said,) = caplog.messages
    assert said.endswith(why)
    assert not (lists / "out").exists()


def layer(folder, phase):
    text = f'''name: "d" type: "DetectionOutput" bottom: "a" bottom: "b" bottom: "c" top: "y"
    detection_output_param {{ num_classes: 3 confidence_threshold: 0.5 save_output_param {{
    output_directory: "{folder}/out" output_name_prefix: "p" output_format: "ILSVRC" num_test_image: 1
    label_map_file: "map.prototxt" name_size_file: "sizes.txt" }} }}'''
    it = make(text_format.Parse(text, caffe_pb2.LayerParameter()), phase)
    it.folder = folder
    return it


@pytest.mark.parametrize(("phase", "writes"), [(TEST, True), (TRAIN, False)])
def test_the_layer_writes_in_test_alone_and_when_it_runs(phase, writes, lists):
    it = layer(lists, phase)
    assert it.infer((1, 4), (1, 3), (1, 2, 4)) == [(1, 1, 1, 7)]
    assert not (lists / "out").exists()
    prior = np.array([[[0, 0, 0.5, 1], [1, 1, 1, 1]]], np.float32)
    it.compute(np.zeros((1, 4), np.float32), np.array([[0, 0.75, 0]], np.float32), prior)
    assert (lists / "out/p.txt").exists() == writes
    if writes:
        assert (lists / "out/p.txt").read_text() == "000012 1 0.75 0 0 100 100\n"
