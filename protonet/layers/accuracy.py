"""Accuracy: the share of labels whose class is among the top_k scores; in a second top, the same for each class.

A class that scores the same as the label's counts as better, so a tie is wrong, and so is NaN.  No labels give 0.
"""

from protonet.errors import ShapeError
from protonet.kernels import accuracy as kernels
from protonet.kernels.softmax import tasks
from protonet.layers.base import Layer, register
from protonet.layers.loss import check_labels, classes, ignored


@register("Accuracy", spec="accuracy_param")
class Accuracy(Layer):
    bottoms, tops, no_gradient, refused = 2, (1, 2), (0, 1), ("min_is_better",)

    def infer(self, x, label):
        _, C, _ = classes(self.spec.axis, x, label)
        if self.spec.top_k > C:
            raise ShapeError(f"top_k is at most the number of classes: found {self.spec.top_k} for {C} classes")
        return [(), (C,)][: len(self.param.top)]

    def forward(self, emit, x, label, accuracy, *per_class):
        O, C, S = classes(self.spec.axis, x.shape, label.shape)
        ignore, rank, truth = ignored(self.spec), emit.scratch(O, S, dtype="int32"), label.seen(O, S)
        check_labels(emit, label, C, ignore)
        emit(kernels.ranks, x.seen(O, C, S), truth, rank, emit.scratch(O, S), ignore, tasks=tasks(O, S))
        shares, counts = per_class[0] if per_class else emit.scratch(C), emit.scratch(2, C, dtype="float64")
        emit(kernels.tally, truth, rank, accuracy, shares, counts, self.spec.top_k, ignore)
