"""Published Python layers that are built in check what they are given, as all of ours do: theirs is no user's code."""

import numpy as np
import pytest

from protonet.errors import NetError, ProtonetError
from protonet.layers import TEST, make
from protonet.layers.python import Python
from protonet.proto import caffe_pb2
from tests.layers.test_refusals import shaped

STRIDE = "'feat_stride': 16"
BUILT_IN = {  # param_str, shapes of the bottoms, number of tops
    ("rpn.proposal_layer", "ProposalLayer"): (STRIDE, [(1, 18, 2, 3), (1, 36, 2, 3), (1, 3)], 1),
    ("rpn.anchor_target_layer", "AnchorTargetLayer"): (STRIDE, [(1, 18, 2, 3), (2, 5), (1, 3)], 4),
    ("rpn.proposal_target_layer", "ProposalTargetLayer"): ("'num_classes': 4", [(6, 5), (2, 5)], 5),
    ("pylayer.proposal_layer", "ProposalLayer"): (STRIDE, [(1, 18, 2, 3), (1, 36, 2, 3), (1, 3)], 1),
    ("pylayer.mask_layer", "MaskLayer"): ("", [(3, 441)], 1),
    ("pylayer.stage_bridge_layer", "StageBridgeLayer"): ("", [(3, 5), (3, 8), (3, 2), (1, 3)], 1),
}
PARAMS = [
    "", "{}", "1", "None", "[1]", "'feat_stride': 'x'", "'feat_stride': 0", "'feat_stride': -1", "'feat_stride': None",
    f"{STRIDE}, 'ratios': 0", f"{STRIDE}, 'scales': ()", f"{STRIDE}, 'ratios': (0,)", f"{STRIDE}, 'ratios': ('a',)",
    f"{STRIDE}, 'rpn_batchsize': 'x'", f"{STRIDE}, 'rpn_bbox_inside_weights': (1, 2)", "'num_classes': 0",
    "'num_classes': 'a'", "'num_classes': 2.5", "'num_classes': 4, 'batch_size': 'x'",
    "'num_classes': 4, 'bbox_normalize_stds': 3", "'num_classes': 4, 'bbox_normalize_stds': (1, 2)",
]  # fmt: skip


def unwrapped(self, method, *arguments):
    return getattr(self.user, method)(*arguments)


def made(key, said, shapes, tops):
    param = caffe_pb2.LayerParameter(name="it", type="Python")
    (param.python_param.module, param.python_param.layer), param.python_param.param_str = key, said
    param.bottom.extend(f"x{i}" for i in range(len(shapes)))
    param.top.extend(f"y{i}" for i in range(tops))
    it = make(param, TEST)
    it.clock = (1, 1)
    it.infer(*shapes)
    return it


def attempt(key, said, shapes, tops, rng):
    """Whether it is taken; anything but a ProtonetError is a bug of ours."""
    try:
        it = made(key, said, shapes, tops)
        for fill in rng.uniform(0, 20), 0, -1, np.nan:
            with np.errstate(all="ignore"):
                it.compute(*(np.full(shape, fill, np.float32) for shape in shapes))
    except ProtonetError:
        return False
    return True


@pytest.mark.parametrize("key", BUILT_IN)
def test_shapes_and_settings_are_taken_or_refused_with_a_reason(key, rng, monkeypatch):
    monkeypatch.setattr(Python, "call", unwrapped)
    said, shapes, tops = BUILT_IN[key]
    made(key, said, shapes, tops)
    for n in 0, tops, tops + 1, tops + 3:
        for each in shaped(shapes):
            attempt(key, said, each, n, rng)
    for other in PARAMS:
        attempt(key, other, shapes, tops, rng)


@pytest.mark.parametrize(
    ("name", "said", "says"),
    [
        ("proposal", "'stride': 16", "param_str must say feat_stride, a number above 0, found None"),
        ("proposal", f"{STRIDE}, 'scales': (8, 0)", r"scales of anchors are numbers above 0, found \(8, 0\)"),
        ("anchor_target", f"{STRIDE}, 'rpn_batchsize': 'all'", "rpn_batchsize of param_str is a number, found 'all'"),
        ("proposal_target", "'num_classes': 2.5", "param_str must say num_classes, a whole number above 0, found"),
        (
            "proposal_target",
            "'num_classes': 4, 'bbox_normalize_stds': (1, 2)",
            r"bbox_normalize_stds of param_str is 4 numbers, found \(1, 2\)",
        ),
    ],
)
def test_what_param_str_must_say_is_told(name, said, says):
    key = next(key for key in BUILT_IN if key[0] == f"rpn.{name}_layer")
    with pytest.raises(NetError, match=says):
        made(key, said, *BUILT_IN[key][1:])


def test_other_numbers_of_bottoms_and_tops_are_told():
    key = "rpn.proposal_target_layer", "ProposalTargetLayer"
    with pytest.raises(NetError, match="takes 2 bottoms and gives 5 tops, found 1 and 5"):
        made(key, "'num_classes': 4", [(6, 5)], 5)
