"""Data layers of forks: shapes as the prototxt tells them, refused when run, inputs when deployed."""

import numpy as np
import pytest

import protonet
from protonet.errors import DataError
from protonet.io import Weights
from protonet.layers import REGISTRY, make
from protonet.layers.fork_data import ForkData
from protonet.passes.inputs import feed
from protonet.prototxt import parse

SSD = """
layer { name: "data" type: "AnnotatedData" top: "data" top: "label" data_param { source: "lmdb" batch_size: 8 }
  transform_param { mean_value: 104 mean_value: 117 mean_value: 123 resize_param { height: 300 width: 200 } }
  annotated_data_param { batch_sampler { max_sample: 1 max_trials: 1 } } }
"""
POOL = 'layer { name: "p" type: "Pooling" bottom: "data" top: "p" pooling_param { kernel_size: 2 stride: 2 } }'


def shapes(text):
    return make(parse.loads(text).message.layer[0]).infer()


def layer(kind, rest, tops=("data", "label")):
    return f'layer {{ name: "data" type: "{kind}" {" ".join(f"top: {t!r}" for t in tops)} {rest} }}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SSD, [(8, 3, 300, 200), (1, 1, 1, 8)]),
        (
            layer("DenseImageData", "dense_image_data_param { batch_size: 4 new_height: 512 new_width: 1024 "
            "label_divide_factor: 8 }"),
            [(4, 3, 512, 1024), (4, 1, 64, 128)],
        ),
        (
            layer("DenseImageData", "dense_image_data_param { batch_size: 4 new_height: 512 new_width: 1024 "
            "crop_height: 48 crop_width: 56 }"),
            [(4, 3, 48, 56), (4, 1, 48, 56)],
        ),
        (
            layer("ImageSegData", "transform_param { crop_size: 321 } image_data_param { batch_size: 2 }", "abc"),
            [(2, 3, 321, 321), (2, 1, 321, 321), (2, 1, 1, 2)],
        ),
        (
            layer("ImageSegData", "transform_param { crop_size: 9 } image_data_param { label_type: NONE }"),
            [(1, 3, 9, 9), (1, 1, 1, 2)],
        ),
        (
            layer("ImageSegData", "transform_param { crop_size: 9 } image_data_param { label_type: IMAGE }"),
            [(1, 3, 9, 9), (1, 1, 1, 1)],
        ),
        (
            layer("VideoData", "transform_param { resize_param { height: 30 width: 40 } } data_param { batch_size: 1 } "
            "video_data_param { video_type: WEBCAM }", ["data"]),
            [(1, 3, 30, 40)],
        ),
        (
            layer("VideoData", "transform_param { crop_size: 24 } video_data_param { source: 'list' batch_size: 5 "
            "new_length: 5 new_height: 256 new_width: 340 num_segments: 3 modality: FLOW }"),
            [(5, 30, 24, 24), (5,)],
        ),
        (layer("BoxData", "transform_param { crop_size: 24 } data_param { batch_size: 2 side: 7 }"),
            [(2, 3, 24, 24), (2, 343)]),
        (layer("MultiTaskData", "transform_param { crop_size: 24 force_gray: true } data_param { batch_size: 2 }",
            "abcd"),
            [(2, 1, 24, 24), (2,), (2,), (2,)]),
    ],
)  # fmt: skip
def test_shapes_are_what_the_prototxt_tells(text, expected):
    assert shapes(text) == expected


def test_a_net_is_built_and_running_it_says_what_is_missing():
    net = protonet.Net(parse.loads(SSD + POOL))
    assert net.blobs["p"].shape == (8, 3, 150, 100)
    with pytest.raises(DataError, match=r"layer 'data': its data cannot be read here: give the net Input layers, or"):
        net.forward_layers()


def test_without_a_size_even_the_shape_is_missing():
    with pytest.raises(DataError, match="nor does it say the size of its images"):
        shapes(layer("AnnotatedData", "data_param { batch_size: 8 }"))


def test_a_top_that_nobody_knows_is_named():
    with pytest.raises(DataError, match="top 'label' has no shape that is known here"):
        shapes(layer("CPMData", "transform_param { crop_size: 8 }"))


def test_in_a_deploy_net_the_image_becomes_an_input_with_the_channels_of_the_weights():
    conv = 'layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 2 } }'
    net = parse.loads(SSD + conv).message
    assert feed(net, Weights()).shapes == {"data": (1, 3, 300, 200)}
    assert feed(net, Weights({"c": [np.zeros((2, 5, 3, 3), np.float32)]})).shapes == {"data": (1, 5, 300, 200)}


def test_every_one_of_them_needs_only_an_image_size_to_have_a_first_top():
    kinds = [name for name, kind in REGISTRY.items() if issubclass(kind, ForkData)]
    assert len(kinds) >= 10
    for kind in kinds:
        assert shapes(layer(kind, "transform_param { crop_size: 24 }", ["data"])) == [(1, 3, 24, 24)]
