"""DropTraining: take off the layers what only training reads.

    before    param { lr_mult: 2 } include { phase: TEST } convolution_param { weight_filler { ... } num_output: 8 }
    after     convolution_param { num_output: 8 }

lr_mult, decay_mult, fillers, loss_weight, propagate_down, and the rules of phases, by which the net has
been chosen already. Names of parameters stay where another layer still shares them.
"""

from protonet.passes.base import Rewrite, remade
from protonet.proto import caffe_pb2

RULES = "include", "exclude", "loss_weight", "propagate_down", "blobs"


class DropTraining(Rewrite):
    def rewrite(self, graph, node):
        param = caffe_pb2.LayerParameter()
        param.CopyFrom(node.layer.param)
        for field in RULES:
            param.ClearField(field)
        if param.phase == node.layer.phase == caffe_pb2.TEST:
            param.ClearField("phase")
        share(param, node)
        for field, value in param.ListFields():
            if field.name.endswith("_param") and field.name not in ("dummy_data_param", "parameter_param"):
                fillers(value)
        if param == node.layer.param:
            return None
        node.layer = remade(node.layer, param)
        return ""


def share(param, node):
    """Only the names that still join parameters."""
    kept = {i: (spec.name, spec.share_mode) for i, spec in enumerate(param.param) if i in node.shares}
    del param.param[:]
    for i in range(max(kept, default=-1) + 1):
        spec = param.param.add()
        if i in kept:
            spec.name = kept[i][0]
            if kept[i][1] != spec.share_mode:
                spec.share_mode = kept[i][1]


def fillers(message):
    """Take the fillers out of a *_param message."""
    if not hasattr(message, "ListFields"):
        return
    for field, _ in message.ListFields():
        if field.message_type is not None and field.message_type.name == "FillerParameter":
            message.ClearField(field.name)
