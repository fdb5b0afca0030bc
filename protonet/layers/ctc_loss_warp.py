"""CtcLoss: CTCLoss as crnn.caffe has it, on warp-ctc: x (T, N, C), labels (N, L), which blank_label fills up.

The surprise: the loss is the mean over the batch, its gradient that of the sum.  Fork: ctc_loss_layer.cpp of
yalecyu/crnn.caffe, whose ctc_loss_param says blank_label, alphabet_size and time_step.
"""

from protonet.errors import NetError, ShapeError
from protonet.layers.base import register
from protonet.layers.ctc_loss import IN_TIME, CTCLoss


@register("CtcLoss", spec="ctc_loss_param")
class CtcLoss(CTCLoss):
    bottoms, no_gradient = 2, (1,)
    refused = "output_delay", "preprocess_collapse_repeated", "ctc_merge_repeated", "loss_calculation_t", "blank_index"
    order = IN_TIME

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if min(self.spec.alphabet_size, self.spec.time_step) < 1:
            raise NetError("alphabet_size and time_step must be at least 1, found none or 0")

    def blank(self, C):
        if not 0 <= self.spec.blank_label < C:
            raise ShapeError(f"blank_label {self.spec.blank_label} is none of {C} classes")
        return self.spec.blank_label

    def labels(self, label):
        if len(label) < 2:
            raise ShapeError(f"expected labels (N, L), found {label}")
        N, L, *rest = label
        for n in rest:
            L *= n
        return N, L, False

    def sizes(self, x, *others):
        T, N, C, L = super().sizes(x, *others)
        said = self.spec.time_step, self.spec.alphabet_size
        if said != (T, C):
            raise ShapeError(f"expected {said[0]} times of {said[1]} classes, as ctc_loss_param says, found {x}")
        return T, N, C, L

    def norm(self, N):
        return 1
