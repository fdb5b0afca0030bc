import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, NetError, ShapeError
from protonet.layers import TEST, make
from protonet.proto import caffe_pb2
from tests.layers.ssd.test_codes import some
from tests.naive.detection_evaluate import detection_evaluate

BOX = [0.1, 0.1, 0.5, 0.5]


def made(text, folder=""):
    text = f'name: "e" type: "DetectionEvaluate" bottom: "d" bottom: "g" top: "y" detection_evaluate_param {{ {text} }}'
    it = make(text_format.Parse(text, caffe_pb2.LayerParameter()), TEST)
    it.folder = folder
    return it


def run(it, found, truths):
    found, truths = (np.array(rows, "f").reshape(1, 1, -1, n) for rows, n in ((found, 7), (truths, 8)))
    return it.compute(found, truths)[0][0, 0]


@pytest.mark.parametrize("difficult", [True, False])
def test_agrees_with_one_box_at_a_time(difficult, rng):
    found = np.column_stack([rng.integers(-1, 3, 60), rng.integers(1, 4, 60), rng.uniform(size=60), some(rng, 60)])
    zeros = np.zeros(25)
    truths = np.column_stack(
        [np.sort(rng.integers(0, 2, 25)), rng.integers(1, 4, 25), zeros, some(rng, 25), rng.integers(0, 2, 25)]
    )
    it = made(f"num_classes: 4 overlap_threshold: 0.3 evaluate_difficult_gt: {str(difficult).lower()}")
    expected = detection_evaluate(found.tolist(), truths.tolist(), 4, 0.3, difficult)
    assert_allclose(run(it, found, truths), expected, rtol=1e-6)


def test_the_second_box_of_one_thing_is_false():
    found = [[0, 1, 0.5, *BOX], [0, 1, 0.9, *BOX], [0, 2, 0.8, *BOX], [1, 1, 0.7, *BOX]]
    rows = run(made("num_classes: 3"), found, [[0, 1, 0, *BOX, 0]])
    expected = [[-1, 1, 1, -1, -1], [-1, 2, 0, -1, -1], [0, 1, 0.9, 1, 0], [0, 1, 0.5, 0, 1], [0, 2, 0.8, 0, 1]]
    assert_allclose(rows, [*expected, [1, 1, 0.7, 0, 1]])


def test_a_difficult_truth_counts_neither_way():
    it = made("num_classes: 2 evaluate_difficult_gt: false")
    assert_allclose(run(it, [[0, 1, 0.9, *BOX]], [[0, 1, 0, *BOX, 1]]), [[-1, 1, 0, -1, -1], [0, 1, 0.9, 0, 0]])


def test_boxes_are_judged_in_pixels_where_sizes_are_listed(tmp_path):
    (tmp_path / "sizes.txt").write_text("first 4 8\nsecond 4 8\n")
    it = made('num_classes: 2 name_size_file: "sizes.txt" overlap_threshold: 0.6', tmp_path)
    found, gt = [[0, 1, 0.9, 0, 0, 0.5, 0.5]], [[0, 1, 0, 0, 0, 0.5, 1, 0]]
    # 5 x 3 of 5 x 5 pixels, where half of the height would be too little
    assert_array_equal(run(it, found, gt)[1, 3:], [1, 0])
    assert_array_equal(run(made("num_classes: 2 overlap_threshold: 0.6"), found, gt)[1, 3:], [0, 1])


def test_a_list_of_sizes_that_is_not_there_is_told():
    with pytest.raises(DataError, match=r"name_size_file 'none.txt' is not there"):
        run(made('num_classes: 2 name_size_file: "none.txt"'), [[0, 1, 0.9, *BOX]], [[0, 1, 0, *BOX, 0]])


def test_a_label_that_is_no_class_is_told():
    with pytest.raises(DataError, match="label 5, which is no class: the classes are 0 to 1"):
        run(made("num_classes: 2"), [[0, 1, 0.9, *BOX]], [[0, 5, 0, *BOX, 0]])


def test_found_background_is_told():
    with pytest.raises(DataError, match="a box is found of label 0, which is the background"):
        run(made("num_classes: 2"), [[0, 0, 0.9, *BOX]], [[0, 1, 0, *BOX, 0]])


def test_other_rows_are_refused():
    with pytest.raises(ShapeError, match=r"expected boxes of shape \(1, 1, any number, 7\), found \(1, 1, 5, 6\)"):
        made("num_classes: 2").infer((1, 1, 5, 6), (1, 1, 3, 8))


def test_no_threshold_is_refused():
    with pytest.raises(NetError, match="overlap_threshold must be above 0"):
        made("num_classes: 2 overlap_threshold: 0")
