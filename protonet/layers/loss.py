"""What losses and Accuracy share: how labels are counted and checked, and by what a loss is divided.

    normalization: VALID       labels that are not ignored (the default of SoftmaxWithLoss)
                   FULL        all labels
                   BATCH_SIZE  N
                   NONE        1
                   PRE_FIXED   pre_fixed_normalizer (R-FCN)

The old `normalize: true` is VALID, `false` BATCH_SIZE; normalization wins.  Never less than 1.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import labels
from protonet.layers.base import axis_of
from protonet.layers.memory import three

FULL, VALID, BATCH_SIZE, NONE = range(4)
PRE_FIXED = 500000003
LEAST = 1e-20  # of what a log is taken, in losses of probabilities


def ignored(spec):
    """The label that does not count, or one that no label equals.  spec: a LossParameter or an AccuracyParameter."""
    return spec.ignore_label if spec.HasField("ignore_label") else labels.NO_LABEL


def divisor(spec, outer, inner, default=VALID):
    """What a loss is divided by; 0 where it is the number of labels that count.  spec: a LossParameter."""
    if spec.label_smoothing:
        raise NetError("label_smoothing is a fork's, and not known here: leave it out")
    mode = default
    if spec.HasField("normalization"):
        mode = spec.normalization
    elif spec.HasField("normalize"):
        mode = VALID if spec.normalize else BATCH_SIZE
    known = {FULL: outer * inner, VALID: 0, BATCH_SIZE: outer, NONE: 1, PRE_FIXED: spec.pre_fixed_normalizer}
    return known[mode]


def classes(axis, x, label):
    """x's shape as (outer, classes, inner); refuses a number of labels that is not outer * inner."""
    O, C, S = three(x, axis_of(axis, x))
    n = three(label, 0, len(label))[1]
    if n != O * S:
        without = (*x[: axis_of(axis, x)], 1, *x[axis_of(axis, x) + 1 :])
        raise ShapeError(
            f"expected {O * S} labels, one for each prediction of shape {x} with its classes along axis {axis} "
            f"(say {without}), found {n} of shape {label}"
        )
    return O, C, S


def check_labels(emit, label, n, ignore):
    """The step that reports a label that is no class."""
    classes = f"the classes are 0 to {n - 1}" + ("" if ignore == labels.NO_LABEL else f", and {ignore} is ignored")
    emit(
        labels.check,
        label,
        emit.fault(f"label {{value}} (number {{index}} of the batch) is no class: {classes}"),
        n,
        ignore,
    )
