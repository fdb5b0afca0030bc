import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.layers import TEST, make
from protonet.proto import caffe_pb2
from tests.naive.yolov3_detection_output import yolov3_detection_output

BIASES = [10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319]
WORDS = "".join(f" biases: {b}" for b in BIASES) + " mask: 3 mask: 4 mask: 5 mask: 0 mask: 1 mask: 2"
WORDS += " anchors_scale: 32 anchors_scale: 16 num_classes: 4"


def made(text="", bottoms=2, words=WORDS):
    names = " ".join(f'bottom: "x{i}"' for i in range(bottoms))
    text = (
        f'name: "d" type: "Yolov3DetectionOutput" {names} top: "y" yolov3_detection_output_param {{ {words} {text} }}'
    )
    return make(text_format.Parse(text, caffe_pb2.LayerParameter()), TEST)


def test_agrees_with_one_box_at_a_time(rng):
    maps = [rng.normal(0, 1.5, (2, 27, side, side)).astype("f") for side in (3, 6)]
    it = made("confidence_threshold: 0.3 nms_threshold: 0.4")
    assert it.infer(*(x.shape for x in maps)) == [(1, 1, 1, 7)]
    (y,) = it.compute(*maps)
    expected = yolov3_detection_output(maps, BIASES, [[3, 4, 5], [0, 1, 2]], [32, 16], 3, 4, 0.3, 0.4)
    assert_allclose(y[0, 0], expected, rtol=1e-4, atol=1e-5)


def test_one_anchor_by_hand():
    words = "num_classes: 1 num_box: 1 mask_group_num: 1 mask: 0 biases: 16 biases: 32 anchors_scale: 32"
    x = np.zeros((1, 6, 2, 2), "f")
    x[:, 4:] = -100
    x[0, 4:, 1, 0] = 100
    (y,) = made("", 1, words).compute(x)
    assert_allclose(y[0, 0], [[0, 1, 1, 0.25 - 0.125, 0.75 - 0.25, 0.25 + 0.125, 0.75 + 0.25]], rtol=1e-5)


def test_nothing_found_is_a_row_for_each_image():
    maps = [np.full((2, 27, side, side), -9, "f") for side in (3, 6)]
    assert_array_equal(made().compute(*maps)[0][0, 0], [[0, *[-1] * 6], [1, *[-1] * 6]])


def test_no_images_have_no_rows_and_maps_without_pixels_no_boxes():
    assert made().compute(np.empty((0, 27, 3, 3), "f"), np.empty((0, 27, 6, 6), "f"))[0].shape == (1, 1, 0, 7)
    maps = [np.full((1, 27, side, side), -9, "f") for side in (0, 6)]
    assert_array_equal(made().compute(*maps)[0][0, 0], [[0, *[-1] * 6]])


def test_other_maps_are_refused():
    with pytest.raises(ShapeError, match=r"expected square maps \(1, 27, n, n\), found \(1, 27, 3, 4\) as bottom 1"):
        made().infer((1, 27, 3, 3), (1, 27, 3, 4))


def test_another_number_of_maps_is_refused():
    with pytest.raises(NetError, match="expected mask_group_num 2 bottoms, each with an anchors_scale, found 3 and 2"):
        made(bottoms=3)


def test_a_mask_beyond_the_biases_is_refused():
    with pytest.raises(NetError, match="mask must pick 3 anchors of biases"):
        made("mask: 6")
