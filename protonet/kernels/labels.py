"""Labels, as in Caffe: float32 numbers truncated to a class, 0 to classes - 1; one value may mean "do not count".

Kernels that use labels skip what is no class (class_of gives -1); `check` is the step that reports it.
"""

from protonet.kernels.fault import report
from protonet.kernels.jit import f32, i64, inline, kernel

M = "M"
NO_LABEL = -(1 << 62)  # as ignore_label: ignores nothing
LARGEST = 9.0e18  # in magnitude, of what may be truncated to an int64


@inline
def class_of(label, classes, ignore):
    """The class, or -1 if the label is ignored, or none."""
    k = i64(label) if label > -1.0 and label < f32(classes) else i64(-1)
    return k if k != ignore and k < classes else i64(-1)  # -0.5 is class 0, if there is one


@kernel(out="fault")
def check(label: f32[M], fault: i64[2], classes: i64, ignore: i64, begin, end):
    """Report the first label that is neither a class nor `ignore`.  One task."""
    bad, low = 0, f32(-1.0) if classes > 0 else f32(0.0)
    for i in range(label.shape[0]):
        bad += 0 if label[i] > low and label[i] < f32(classes) else 1
    if bad > 0:
        for i in range(label.shape[0]):
            v = label[i]
            if not (v > low and v < f32(classes)) and not (abs(v) < LARGEST and i64(v) == ignore):
                report(fault, i, v)
                break
