"""InfogainLoss: the mean of -sum of H[label, c] * log p[c] over c, for p = softmax(x).

With the identity as H it is SoftmaxWithLoss.  H (classes x classes) is a third bottom, or a BlobProto in the file
`source`.  A second top is p.  See loss.py.
"""

import numpy as np
from google.protobuf.message import DecodeError

from protonet.errors import DataError, NetError, ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels import pointwise, reduce, softmax
from protonet.layers.base import Layer, register
from protonet.layers.loss import LEAST, check_labels, classes, divisor, ignored
from protonet.layers.memory import pass_on
from protonet.proto import caffe_pb2
from protonet.prototxt.paths import find
from protonet.runtime.step import Buffer


@register("InfogainLoss", spec="infogain_loss_param")
class InfogainLoss(Layer):
    bottoms, tops, loss, auto_tops, no_gradient = (2, 3), (1, 2), True, True, (1, 2)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if len(param.bottom) == 2 and not self.spec.source:
            raise NetError(
                "the matrix H is a third bottom, or a BlobProto in infogain_loss_param's source; found neither"
            )

    def matrix(self):
        """H from its file."""
        path = find(self.spec.source, self.folder)
        try:
            blob = caffe_pb2.BlobProto.FromString(path.read_bytes())
        except (OSError, DecodeError) as error:
            raise DataError(
                f"cannot read the matrix H: {getattr(error, 'strerror', None) or 'no BlobProto'}", path
            ) from None
        return np.array(blob.data or blob.double_data, np.float32)

    def infer(self, x, label, *H):
        _, C, _ = classes(self.spec.axis, x, label)
        count = int(np.prod(H[0])) if H else self.matrix().size
        if count != C * C:
            raise ShapeError(f"H has {C} x {C} numbers for {C} classes, found {count}")
        return [(), x][: max(len(self.param.top), 1)]

    def forward(self, emit, x, label, *rest):
        bottom, (loss, *p_top) = (rest[:1], rest[1:]) if len(self.param.bottom) == 3 else ((), rest)
        O, C, S = classes(self.spec.axis, x.shape, label.shape)
        ignore, given, n = ignored(self.param.loss_param), divisor(self.param.loss_param, O, S), softmax.tasks(O, S)
        p, norm = emit.keep("p", O, C, S), emit.keep("norm", 1)
        sums, count = emit.scratch(n, dtype="float64"), emit.scratch(n, dtype="float64")
        check_labels(emit, label, C, ignore)
        emit(softmax.softmax, x.seen(O, C, S), p, emit.scratch(O, S), tasks=n)
        for top in p_top:
            pass_on(emit, p, top)
        known = emit.keep("classes", O, S, dtype="int32")
        emit(kernels.classes, label.seen(O * S), known.seen(O * S), C, ignore, tasks=pointwise.tasks((O, S)))
        emit(kernels.infogain, p, known, self.seen(bottom, C), sums, count, LEAST, tasks=n)
        emit(softmax.average, sums, count, loss, norm, given)

    def seen(self, bottom, C):
        """H as the kernels see it."""
        if bottom:
            return bottom[0].seen(C, C)
        return Buffer((C, C), "own", "infogain matrix", memory=self.matrix())

    def backward(self, emit, loss, *rest):
        x, label, *bottom = rest[len(rest) - len(self.param.bottom) :]
        O, C, S = classes(self.spec.axis, x.shape, label.shape)
        if emit.wants(x):
            H, totals = self.seen(bottom, C), emit.scratch(C)
            emit(reduce.reduce, H, totals, reduce.SUM, 1.0, tasks=C)
            known = emit.saved("p"), emit.saved("classes"), H, totals, emit.saved("norm"), loss.diff
            emit(kernels.infogain_grad, *known, x.diff.seen(O, C, S), tasks=softmax.tasks(O, S))
