"""CTCLoss: the mean over a batch of -log of the probability that sequences spell their labels, at whatever times.

    3 bottoms   x (T, N, C), going (T, N): 0 at the first time and where a sequence has ended, labels (L, N)
    2 bottoms   x (N, C, T), also with an axis of 1, labels (N, L)

x is what a softmax over C is taken of; class blank_index, by default the last, is none.  Labels below 0 are left out.
doi:10.1145/1143844.1143891; fork: ctc_loss_layer.cpp of hzli-ucas/caffe.  The surprise: a sequence whose labels do not
fit into its time costs nothing.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import ctc as kernels
from protonet.kernels import losses, pointwise, softmax
from protonet.layers.base import Layer, register
from protonet.layers.memory import pass_on
from protonet.layers.strides import back, turned

IN_TIME, IN_IMAGE = (0, 1, 2), (2, 0, 1)  # which axes of x are T, N, C


@register("CTCLoss", spec="ctc_loss_param")
class CTCLoss(Layer):
    bottoms: int | tuple[int, int | None] = (2, 3)
    no_gradient: tuple[int, ...] = (1, 2)
    loss, auto_tops = True, True
    refused: tuple[str, ...] = (
        "output_delay", "preprocess_collapse_repeated", "ctc_merge_repeated", "loss_calculation_t",
        "alphabet_size", "time_step", "blank_label",
    )  # fmt: skip

    @property
    def order(self):
        return IN_TIME if len(self.param.bottom) == 3 else IN_IMAGE

    def joined(self, x):
        """x's shape with three axes."""
        if len(x) == 4 and self.order == IN_IMAGE and 1 in x[2:]:
            return (*x[:2], prod(x[2:]))
        if len(x) != 3:
            raise ShapeError(f"expected {'(T, N, C)' if self.order == IN_TIME else '(N, C, T)'}, found {x}")
        return x

    def blank(self, C):
        index = self.spec.blank_index
        if not C or not -1 <= index < C:
            raise ShapeError(f"blank_index {index} is none of {C} classes")
        return index % C

    def labels(self, label):
        """(N, L, whether they lie as (L, N)) of a label's shape."""
        if len(label) < 2 or prod(label[2:]) != 1:
            raise ShapeError(f"expected labels with two axes, found {label}")
        last = self.order == IN_TIME
        return (label[1], label[0], last) if last else (label[0], label[1], last)

    def sizes(self, x, *others):
        """(T, N, C, L)."""
        *going, label = others
        shape = self.joined(x)
        T, N, C = (shape[axis] for axis in self.order)
        found, L, _ = self.labels(label)
        if found != N or any(g[:2] != (T, N) for g in going):
            raise ShapeError(f"expected labels, and times, of {N} sequences (and {T} times), found {others}")
        self.blank(C)
        return T, N, C, L

    def infer(self, *shapes):
        self.sizes(*shapes)
        return [()]

    def forward(self, emit, x, *rest):
        *going, label, loss = rest
        T, N, C, L = self.sizes(x.shape, *(b.shape for b in (*going, label)))
        p, slopes = emit.scratch(T, N, C), emit.keep("slopes", T, N, C)
        shape, order = self.joined(x.shape), self.order
        z = x
        if order != IN_TIME:
            z = emit.scratch(T, N, C)
            turned(emit, x, z, shape, order)
        emit(
            softmax.softmax,
            z.seen(T * N, C, 1),
            p.seen(T * N, C, 1),
            emit.scratch(T * N),
            tasks=softmax.tasks(T * N, 1),
        )
        labels, length = emit.scratch(N, L, dtype="int64"), emit.scratch(N, dtype="int64")
        times, blank = emit.scratch(N, dtype="int64"), self.blank(C)
        fault = emit.fault(f"label {{value}} (number {{index}} of the batch) is no class: the classes are 0 to {C - 1}")
        _, _, last = self.labels(label.shape)
        emit(kernels.read_labels, label.seen(*((L, N) if last else (N, L))), labels, length, fault, C, blank, last)
        if going:
            emit(kernels.read_times, going[0].seen(T, N), times)
        else:
            emit(kernels.all_times, times, T)
        sums, states, wide = emit.scratch(N, dtype="float64"), 2 * L + 1, 2 * L + 3
        alpha, beta = emit.scratch(N, T, wide, dtype="float64"), emit.scratch(N, T, wide, dtype="float64")
        heard, jump = emit.scratch(N, T, states), emit.scratch(N, wide, dtype="float64")
        emit(kernels.ctc, p, labels, length, times, sums, slopes, alpha, beta, heard, jump, blank, tasks=N)
        emit(losses.total, sums, loss, 1 / max(N, 1))

    def norm(self, N):
        """What the gradient is divided by."""
        return max(N, 1)

    def backward(self, emit, loss, x, *others):
        if not emit.wants(x):
            return
        T, N, C, _ = self.sizes(x.shape, *(b.shape for b in others))
        slopes, order = emit.saved("slopes"), self.order
        scaled = x.diff if order == IN_TIME else emit.scratch(T, N, C)
        words = dict(tasks=pointwise.tasks(x.shape))
        emit(losses.times_loss, slopes, loss.diff, scaled, 1 / self.norm(N), **words)
        if order == IN_TIME:
            pass_on(emit, scaled, x.diff)
        else:
            turned(emit, scaled, x.diff, (T, N, C), back(order))
