"""Python layers that many published nets name, built in under the names of their modules and classes.

    rpn.proposal_layer   ProposalLayer         py-faster-rcnn (rbgirshick): regions out of a region proposal network
    rpn.anchor_target_layer, rpn.proposal_target_layer         what it learns: see rpn_targets.py
    pylayer.*            of MNC (daijifeng001), as it tests: see mnc.py
    eltwise, slice, ...  Synopsys', for nets that come from TensorFlow: see synopsys.py
    pad                  PadTensor             Synopsys: a frame of zeros
    yolov2               darknet_reorg         Synopsys: Reorg of stride 2
    pyloss               EuclideanLossLayer    BVLC's examples/pycaffe
    spatial_dropout      SpatialDropoutLayer   ENet (TimoSaemann): whole planes; param_str {'phase': ., 'p': .}

A user's own module of that name is taken instead, where it can be found and running it is allowed.  So is Synopsys'
Reshape that shuffles pixels a PixelShuffle.  The surprise:
ENet's layer takes its phase from param_str, and in TEST multiplies by 1 / (1 - p) as well.
"""

import ast
import importlib.util
import re
import sys
from functools import partial

import numpy as np

from protonet.errors import DataError, NetError
from protonet.layers import mnc, rpn, rpn_targets, synopsys
from protonet.layers.python import ALLOWED, UserLayer
from protonet.proto import caffe_pb2

# pre_nms_top_n, post_nms_top_n, by phase; the rest is one for both: py-faster-rcnn's fast_rcnn/config.py
TOP_N = {0: (12000, 2000), 1: (6000, 300)}
NMS, MIN_SIZE = 0.7, 16


def settings(text):
    """What a param_str says: a dict as Python or JSON writes it, or lines of YAML, which may lack the braces."""
    text = text.replace("!!python/tuple", "")  # as YAML marks one
    quoted = re.sub(r"(^|[{,\n])\s*([A-Za-z_]\w*)\s*:", r"\1'\2':", text.strip()).replace("\n", ",")
    for form in (text.strip(), f"{{{text}}}", quoted, f"{{{quoted}}}"):
        try:
            found = ast.literal_eval(form)
        except (ValueError, SyntaxError, TypeError):
            continue
        if isinstance(found, dict):
            return found
    raise NetError(f"param_str is a dict, as {{'name': value}}; found {text!r}")


class ProposalLayer(UserLayer):
    """bottoms: scores (1, 2 A, H, W), deltas (1, 4 A, H, W), im_info (1, 3); tops: rois (R, 5), [scores (R, 1)]."""

    chooses = True

    def setup(self, bottom, top):
        self.stride, self.anchors = rpn.stated(settings(self.param_str))
        if len(bottom) != 3 or len(top) not in (1, 2):
            raise NetError(f"takes 3 bottoms and gives 1 or 2 tops, found {len(bottom)} and {len(top)}")

    def reshape(self, bottom, top):
        scores, deltas, info = (blob.shape for blob in bottom)
        rpn.check(scores, deltas, info, self.anchors)
        for blob, n in zip(top, (5, 1), strict=False):
            blob.reshape(TOP_N[self.phase][1], n)

    def forward(self, bottom, top):
        scores, deltas, info = (blob.data for blob in bottom)
        if len(scores) != 1:
            raise DataError(f"regions are proposed of one image at a time, found a batch of {len(scores)}")
        places = rpn.everywhere(self.anchors, self.stride, *scores.shape[2:])
        H, W, scale = info.ravel()[:3]
        boxes = rpn.moved(places, rpn.by_place(deltas[0]).reshape(-1, 4), H, W)
        values = rpn.by_place(scores[0, len(self.anchors) :]).reshape(-1)
        large = (boxes[:, 2:] - boxes[:, :2] + 1 >= np.float32(MIN_SIZE) * scale).all(1)
        boxes, values = boxes[large], values[large]
        kept = rpn.best(boxes, values, *TOP_N[self.phase], NMS)
        rows = np.column_stack([np.zeros(len(kept), np.float32), boxes[kept]]), values[kept][:, None]
        for blob, found in zip(top, rows, strict=False):
            blob.reshape(*found.shape)
            blob.data[...] = found

    def backward(self, top, propagate_down, bottom):
        """No gradient goes through a choice."""


class CascadeProposalLayer(ProposalLayer):
    """The same with one top, as in MNC's nets that are tested; its gradient in training is not built in."""

    def setup(self, bottom, top):
        if len(top) != 1:
            raise NetError(
                f"ProposalLayer gives regions alone here: found {len(top)} tops; to train, put MNC's lib in PYTHONPATH"
            )
        super().setup(bottom, top)


def other(type_, param):
    """The same layer as one of another type, without what was its own message."""
    made = caffe_pb2.LayerParameter()
    made.CopyFrom(param)
    made.ClearField("python_param" if param.type == "Python" else "reshape_param")
    made.type = type_
    return made


def spatial_dropout(param):
    """ENet's layer as one of ours."""
    said = settings(param.python_param.param_str)
    ratio = float(said["p"])
    if not 0 < ratio < 1:
        raise NetError(f"p of a SpatialDropoutLayer is above 0 and below 1, found {ratio:g}")
    made = other("Power", param)
    if str(said.get("phase", "TRAIN")) == "TRAIN":
        made.type, made.phase = "SpatialDropout", caffe_pb2.TRAIN
        made.spatial_dropout_param.dropout_ratio = ratio
    else:
        made.power_param.scale = 1 / (1 - ratio)
    return made


def pad(param):
    said = settings(param.python_param.param_str)
    if said.get("pad_mode", "constant") != "constant":
        raise NetError(f"pad_mode of a PadTensor is 'constant' here, found {said['pad_mode']!r}")
    made = other("Pad", param)
    for field, name in ("pad_u", "pad_t"), ("pad_d", "pad_b"), ("pad_l", "pad_l"), ("pad_r", "pad_r"):
        setattr(made.pad_param, field, int(said[name]))
    return made


def darknet_reorg(param):
    made = other("Reorg", param)
    made.reorg_param.stride = 2
    return made


def pixel_shuffle(param):
    made = other("PixelShuffle", param)
    made.pixelshuffle_param.upscale_factor = param.reshape_param.pixelshuffler
    return made


CLASSES = {
    ("rpn.proposal_layer", "ProposalLayer"): ProposalLayer,
    ("rpn.anchor_target_layer", "AnchorTargetLayer"): rpn_targets.AnchorTargetLayer,
    ("rpn.proposal_target_layer", "ProposalTargetLayer"): rpn_targets.ProposalTargetLayer,
    ("pylayer.proposal_layer", "ProposalLayer"): CascadeProposalLayer,
    ("pylayer.mask_layer", "MaskLayer"): mnc.MaskLayer,
    ("pylayer.stage_bridge_layer", "StageBridgeLayer"): mnc.StageBridgeLayer,
    **synopsys.CLASSES,
}
LAYERS = {
    ("spatial_dropout", "SpatialDropoutLayer"): spatial_dropout,
    ("pad", "PadTensor"): pad,
    ("yolov2", "darknet_reorg"): darknet_reorg,
    ("pyloss", "EuclideanLossLayer"): partial(other, "EuclideanLoss"),
}


def known(table, spec):
    """The entry of a table for what python_param names; None where it has none, or the user has a module of his own."""
    found = table.get((spec.module, spec.layer))
    return None if found is None or (ALLOWED[0] and own(spec.module)) else found


def own(module):
    if module in sys.stdlib_module_names:  # Synopsys has a "statistics"
        return False
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def native(param):
    """A layer of type Python, or a Reshape that shuffles, as the layer of ours that it is; all others as they are."""
    if param.type == "Reshape" and param.reshape_param.pixelshuffler != 1:
        return pixel_shuffle(param)
    found = known(LAYERS, param.python_param) if param.type == "Python" else None
    try:
        return found(param) if found else param
    except (KeyError, TypeError, ValueError) as error:
        raise NetError(f"param_str of a {param.python_param.layer}: {type(error).__name__} {error}") from error
