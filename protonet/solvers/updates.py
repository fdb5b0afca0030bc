"""The update of all learned parameters, as one program of steps: clip, average, regularise, step.

Order and meaning are Caffe's (sgd_solver.cpp): the gradients' common norm is clipped first, then they are averaged over
iter_size, then decay is added, then the rule makes a step of them.
"""

import math

import numpy as np

from protonet.kernels import update
from protonet.net.blob import Blob as Memory
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Blob, Buffer, Emit


class Update:
    """One for a solver.  history[k][i]: array k of parameter i, as the snapshot numbers them."""

    def __init__(self, param, rule, net):
        self.param, self.rule, self.learned = param, rule, net.parameters.learned
        self.history = [[Memory(l.blob.shape, l.blob.name) for l in self.learned] for _ in range(rule.histories)]
        self.now = np.zeros(3, np.float32)
        self.now_buffer = Buffer((3,), "own", "now", memory=self.now)
        self.threads = net.threads
        self.lots, self.made, self.places = [], [], None

    def planned(self):
        """(steps, plan) of the update, and of the gradients' norm if it is asked for; anew if memory has moved."""
        places = [learned.blob.place for learned in self.learned]
        if places != self.places:
            self.lots = [self.steps(), *([self.squares()] if self.param.clip_gradients >= 0 else [])]
            self.made, self.places = [], places
        return self.lots

    def programs(self):
        lots = self.planned()
        self.made = self.made or [Program(steps, places, threads=self.threads) for steps, places in lots]
        return self.made

    def steps(self):
        """(steps, plan) of the update."""
        emit = Emit()
        decay, decay1 = self.decay()
        for i, learned in enumerate(self.learned):
            if self.stays(learned):
                continue
            w, dw = learned.blob.buffers()
            histories = [each[i].buffers()[0] for each in self.history]
            mine = decay * learned.decay_mult, decay1 * learned.decay_mult
            scalars = self.rule.scalars(self.param)
            emit.of(learned.layer, [], 0)
            emit(
                self.rule.kernel,
                w,
                dw,
                *histories,
                self.now_buffer,
                learned.lr_mult,
                *mine,
                *scalars,
                tasks=update.tasks(w.count),
            )
        return emit.steps, plan.exact(emit.steps)

    def stays(self, learned):
        """Whether it makes no step, and has a history that stays 0."""
        return learned.lr_mult == 0 and self.rule.kernel in (update.sgd, update.nesterov)

    def undo(self):
        """Take the last step back: what it was stands in the gradients."""
        for learned in self.learned:
            if not self.stays(learned):
                learned.blob.data[...] += learned.blob.diff

    def decay(self):
        """(L2, L1) weight decay, of which one is zero."""
        decay = self.param.weight_decay
        return (decay, 0.0) if self.param.regularization_type == "L2" else (0.0, decay)

    def apply(self, rate, iteration, iter_size):
        """One step of every parameter at this rate; returns the norm of the gradients if they are clipped."""
        scale, norm = 1.0, None
        if self.param.clip_gradients >= 0:
            norm = self.norm()
            if norm > self.param.clip_gradients:
                scale = self.param.clip_gradients / norm
        self.now[:] = rate, scale / iter_size, self.correction(iteration)
        self.programs()[0].run()
        return norm

    def correction(self, iteration):
        """Adam's bias correction; 1 for other rules."""
        if self.rule.kernel is not update.adam:
            return 1.0
        t = iteration + 1
        return math.sqrt(1.0 - self.param.momentum2**t) / (1.0 - self.param.momentum**t)

    def squares(self):
        """(steps, plan) of the sums of squares of all gradients, a part for each task."""
        emit, counts = Emit(), [update.tasks(l.blob.count) for l in self.learned]
        self.partial = np.zeros(sum(counts), np.float64)
        at = 0
        for learned, n in zip(self.learned, counts, strict=True):
            part = Buffer((n,), "own", "partial", "float64", memory=self.partial[at : at + n])
            emit.of(learned.layer, [], 0)
            emit(update.sum_squares, Blob(learned.blob.buffers()[1]), part, tasks=n)
            at += n
        return emit.steps, plan.exact(emit.steps)

    def norm(self):
        """The Euclidean norm of all gradients together."""
        self.programs()[1].run()
        return math.sqrt(self.partial.sum())
