"""Python layers that are built in."""

import sys

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose

import protonet
from protonet.errors import DataError, NetError
from protonet.layers import TEST, TRAIN, make, python
from protonet.layers.published import MIN_SIZE, NMS, TOP_N, settings
from protonet.proto import caffe_pb2
from tests.naive import proposal as naive

ENET = "python_param { module: 'spatial_dropout' layer: 'SpatialDropoutLayer' param_str: '%s' }"
FASTER = "python_param { module: 'rpn.proposal_layer' layer: 'ProposalLayer' param_str: \"%s\" }"


def made(text, bottoms=1, tops=1, phase=TEST):
    sides = "".join(f' bottom: "x{i}"' for i in range(bottoms)) + "".join(f' top: "y{i}"' for i in range(tops))
    return make(text_format.Parse(f'name: "it" type: "Python" {sides} {text}', caffe_pb2.LayerParameter()), phase)


def inputs(rng, A, H=6, W=7):
    scores = rng.permutation(2 * A * H * W).reshape(1, 2 * A, H, W) / (2 * A * H * W)
    return [x.astype("f") for x in (scores, rng.normal(0, 0.2, (1, 4 * A, H, W)), np.array([[90, 110, 1.25]]))]


@pytest.mark.parametrize("phase", [TRAIN, TEST])
@pytest.mark.parametrize(
    ("text", "ratios", "scales"),
    [
        ("'feat_stride': 16", (0.5, 1, 2), (8, 16, 32)),
        ("{'feat_stride': 16, 'ratios': [0.5, 1], 'scales': [1, 2, 3]}", (0.5, 1), (1, 2, 3)),
    ],
)
def test_faster_rcnns_proposals_agree_with_one_anchor_at_a_time(text, ratios, scales, phase, rng):
    boxes = naive.anchors(16, ratios, scales)
    it, xs = made(FASTER % text, 3, 2, phase), inputs(rng, len(boxes))
    it.infer(*(x.shape for x in xs))
    rois, scores = it.compute(*xs)
    expected = naive.proposal(xs[0][0], xs[1][0], xs[2][0], boxes, 16, MIN_SIZE, *TOP_N[phase], NMS, drop=True)
    assert_allclose(np.column_stack([scores, rois[:, 1:]]), expected, rtol=1e-4, atol=1e-3)
    assert not rois[:, 0].any()


def test_two_images_at_a_time_are_told(rng):
    it, xs = made(FASTER % "'feat_stride': 16", 3), [np.concatenate([x, x]) for x in inputs(rng, 9)]
    it.infer(*(x.shape for x in xs))
    with pytest.raises(DataError, match="one image at a time, found a batch of 2"):
        it.compute(*xs)


def test_what_is_built_in_runs_where_other_code_may_not(monkeypatch):
    monkeypatch.setattr(python, "ALLOWED", [False])
    assert made(FASTER % "'feat_stride': 16", 3).type == "Python"
    with pytest.raises(NetError, match="--python-layers"):
        made("python_param { module: 'rpn.debug_layer' layer: 'RPNDebugLayer' }")


def test_a_users_own_module_of_that_name_is_taken(tmp_path, monkeypatch):
    (tmp_path / "spatial_dropout.py").write_text(
        "import protonet\nclass SpatialDropoutLayer(protonet.Layer): mine = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert made(ENET % "{}").user.mine
    finally:
        sys.modules.pop("spatial_dropout", None)


def test_enets_dropout_is_spatial_in_train():
    it = made(ENET % '{"phase": "TRAIN", "p": "0.25"}', phase=TEST)
    assert (it.type, it.ratio, it.phase) == ("SpatialDropout", 0.25, TRAIN)


def test_enets_dropout_grows_in_test(tmp_path):
    text = "name: 'e' layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } } "
    text += 'layer { name: "d" type: "Python" bottom: "x" top: "y" ' + ENET % '{"phase": "TEST", "p": "0.2"}' + " }"
    (tmp_path / "net.prototxt").write_text(text)
    net = protonet.Net(str(tmp_path / "net.prototxt"), protonet.TEST)
    assert_allclose(net.forward(x=np.ones((1, 2)))["y"], [[1.25, 1.25]])


@pytest.mark.parametrize(
    "text",
    [
        "'a': 1, 'b': [2, 3]",
        "{'a': 1, 'b': [2, 3]}",
        "a: 1\nb: [2, 3]",
        '{"a": 1, "b": [2, 3]}',
        "{a: 1, b: [2, 3]}",
        "'a': 1 \n'b': !!python/tuple [2, 3]",
    ],
)
def test_a_param_str_may_be_written_in_many_ways(text):
    assert settings(text) == {"a": 1, "b": [2, 3]}


def test_a_param_str_that_says_nothing_is_refused():
    with pytest.raises(NetError, match=r"param_str is a dict, as \{'name': value\}; found 'nonsense\('"):
        settings("nonsense(")
    with pytest.raises(NetError, match="param_str of a SpatialDropoutLayer: KeyError 'p'"):
        made(ENET % "{}")


def test_mncs_proposals_have_one_top(rng):
    text = FASTER.replace("rpn.", "pylayer.") % "'feat_stride': 16"
    with pytest.raises(NetError, match="gives regions alone here: found 2 tops"):
        made(text, 3, 2).infer(*(x.shape for x in inputs(rng, 9)))


def test_a_frame_is_a_pad():
    text = "python_param { module: 'pad' layer: 'PadTensor' param_str: '%s' }"
    said = '{"pad_t": 1, "pad_b": 2, "pad_l": 3, "pad_r": 4, "pad_mode": "%s"}'
    it = made(text % (said % "constant"))
    assert (it.type, it.infer((1, 2, 5, 5))) == ("Pad", [(1, 2, 8, 12)])
    with pytest.raises(NetError, match="pad_mode of a PadTensor is 'constant' here, found 'reflect'"):
        made(text % (said % "reflect"))


def test_layers_under_other_names():
    it = made("python_param { module: 'yolov2' layer: 'darknet_reorg' }")
    assert (it.type, it.spec.stride) == ("Reorg", 2)
    assert made("python_param { module: 'pyloss' layer: 'EuclideanLossLayer' }", 2).type == "EuclideanLoss"


def test_a_reshape_that_shuffles_is_a_pixel_shuffle():
    text = "type: 'Reshape' name: 'it' bottom: 'x' top: 'y' reshape_param { pixelshuffler: 2 }"
    it = make(text_format.Parse(text, caffe_pb2.LayerParameter()))
    assert (it.type, it.infer((1, 8, 3, 4))) == ("PixelShuffle", [(1, 2, 6, 8)])
