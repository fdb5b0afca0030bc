"""Solver: trains a net as a solver prototxt says.  (Caffe: solver.cpp, sgd_solver.cpp.)

One iteration: test if it is time, forward and backward iter_size times, display, update, snapshot if it is time.
What it says goes to the log in Caffe's words, because people have parsers for them.
"""

import logging
import math
import time
from collections import deque

from protonet.engine.train.program import Training
from protonet.errors import SolverError
from protonet.graph import resolve
from protonet.net import Net, notes
from protonet.net.seed import next_seed
from protonet.proto import caffe_pb2
from protonet.runtime.execute import ready
from protonet.solvers import schedule, snapshot
from protonet.solvers.source import check, placed, read
from protonet.solvers.updates import Update
from protonet.solvers.words import number, output_lines, values

log = logging.getLogger(__name__)
DIVERGED = "is base_lr too high (see clip_gradients, debug_info), or do the data hold NaN?"


class Solver:
    """source: a path to a solver prototxt, or a SolverParameter (its paths then start at the current folder).
    param: what to use instead of what the source says.

    after_step: functions called with (solver, loss) after every iteration; one that returns True stops the training.
    """

    net_class: type = Net

    def __init__(self, source, threads=None, param=None, **options):
        self.path, written = read(source)
        self.param = param or written
        self.rule = check(self.param, self.path)
        if self.param.HasField("solver_mode") and self.param.solver_mode == caffe_pb2.SolverParameter.GPU:
            notes.once(notes.GPU)
        self.iter, self.current_step = 0, 0
        self.threads = threads
        self.after_step, self.on_start, self.on_gradients = [], [], []
        self.losses: deque[float] = deque(maxlen=self.param.average_loss)
        self.smoothed, self.diverged, self.compiled = 0.0, False, False
        self.snapshot_asked, self.stop_asked = False, False
        seed = self.param.random_seed if self.param.random_seed >= 0 else next_seed()
        train, tests = resolve.solver_nets(self.param, self.path)
        self.net = self.make(train, seed, **options)
        self.test_nets = [
            self.make(each, seed + 1 + i, trains=False, fill=False, **options) for i, each in enumerate(tests)
        ]
        for test_net in self.test_nets:
            test_net.share_with(self.net)
            test_net.parameters.fill()
            test_net.debug_info |= self.param.debug_info
        self.passes = {net: Training.of(net) for net in (self.net, *self.test_nets)}
        for path in (part.strip() for several in self.param.weights for part in several.split(",")):
            self.finetune(resolve.find(path, self.path))
        self.update = Update(self.param, self.rule, self.net)
        self.timer, self.timed = time.perf_counter(), 0

    def make(self, chosen, seed, **options):
        """One of the nets that the solver names."""
        return self.net_class(chosen.source, state=chosen.state, seed=seed, threads=self.threads, **options)

    def finetune(self, path):
        """Start from the weights of another training, for layers of the same name."""
        log.info("Finetuning from %s", path)
        found = self.net.copy_from(path)
        if found.copied:
            log.info("%s: %s", path, found)
        else:
            log.warning("%s holds weights for no layer of this net: layers are matched by name", path)
        for net in self.test_nets:  # which may have layers of their own
            net.copy_from(path)

    def compile(self):
        """Have all code at hand that training and testing will run, compiled at once; returns how much was missing."""
        self.compiled = True
        lots = [self.packed(net).lot if self.packed(net) else net.planned().lot for net in self.passes]
        return ready([*self.update.planned(), *lots], self.net.threads)

    def packed(self, net):
        """What runs a net in less memory and time, where nobody must see what it does."""
        return self.passes[net] if self.passes[net] and self.passes[net].may_run else None

    # the loop

    def step(self, iterations):
        """Train for so many iterations.  Returns whether it was asked to stop before."""
        stop = self.iter + iterations
        if not self.compiled:
            self.compile()
        self.losses.clear()
        self.timer, self.timed = time.perf_counter(), self.iter
        while self.iter < stop:
            if self.due(self.param.test_interval) and (self.iter or self.param.test_initialization):
                self.test_all()
                if self.stop_asked:
                    break
            self.net.clear_param_diffs()
            for each in self.on_start:
                each()
            if self.param.debug_info:
                self.net.debug_info = self.due(self.param.display)
            loss = self.forward_backward()
            self.smooth(loss)
            if self.due(self.param.display):
                self.report()
            for each in self.on_gradients:
                each()
            self.apply_update()
            self.iter += 1
            self.stop_asked |= any([bool(each(self, loss)) for each in self.after_step])
            if self.due(self.param.snapshot) or self.snapshot_asked:
                self.snapshot()
                self.snapshot_asked = False
            if self.stop_asked:
                break
        stopped_early, self.stop_asked = self.stop_asked, False
        return stopped_early

    def due(self, interval):
        return interval > 0 and self.iter % interval == 0

    def forward_backward(self):
        """The loss, averaged over iter_size batches; their gradients are added up."""
        n, total = self.param.iter_size, 0.0
        for i in range(n):
            # the draws of an iteration depend on its number only: a resumed run draws what this one would have drawn
            self.net.clock[1] = self.iter * n + i
            if packed := self.packed(self.net):
                total += packed.run()
            else:
                total += self.net.forward_layers()
                self.net.backward_layers()
        return total / n

    def forward(self, net):
        """One batch through a net; returns the loss."""
        packed = self.packed(net)
        return packed.run(backward=False) if packed else net.forward_layers()

    def smooth(self, loss):
        if not math.isfinite(loss) and not self.diverged:
            log.warning("Iteration %d: the loss is %s: %s", self.iter, loss, DIVERGED)
        self.diverged = not math.isfinite(loss)
        self.losses.append(loss)
        self.smoothed = sum(self.losses) / len(self.losses)

    def apply_update(self):
        step = schedule.current_step(self.param, self.iter, self.current_step)
        if self.param.lr_policy == "multistep" and step != self.current_step:
            log.info("MultiStep Status: Iteration %d, step = %d", self.iter, step)
        self.current_step = step
        rate = self.rate()
        if self.due(self.param.display):
            log.info("Iteration %d, lr = %s", self.iter, number(rate))
        norm = self.update.apply(rate, self.iter, self.param.iter_size)
        if packed := self.passes[self.net]:
            packed.undo = self.update.undo
        if norm is not None and norm > self.param.clip_gradients:
            log.info(
                "Gradient clipping: scaling down gradients (L2 norm %s > %s) by scale factor %s",
                *map(number, (norm, self.param.clip_gradients, self.param.clip_gradients / norm)),
            )

    def rate(self):
        step = schedule.current_step(self.param, self.iter, self.current_step)
        try:
            return schedule.rate(self.param, self.iter, step)
        except SolverError as error:
            raise placed(error, self.path) from None

    def solve(self, resume=None):
        """Train to max_iter, with the tests and snapshots the prototxt asks for."""
        log.info("Solving %s", self.net.name)
        log.info("Learning Rate Policy: %s", self.param.lr_policy)
        if resume:
            self.restore(resume)
        stopped = self.step(max(0, self.param.max_iter - self.iter))
        if self.param.snapshot_after_train and not (self.due(self.param.snapshot) and self.iter):
            self.snapshot()
        if stopped:
            log.info("Optimization stopped early.")
            return
        if self.due(self.param.display):
            self.smooth(self.forward(self.net))
            log.info("Iteration %d, loss = %s", self.iter, number(self.smoothed))
        if self.due(self.param.test_interval):
            self.test_all()
        log.info("Optimization Done.")

    # what it says

    def report(self):
        now = time.perf_counter()
        lapse, n = now - self.timer, self.iter - self.timed
        self.timer, self.timed = now, self.iter
        log.info(
            "Iteration %d (%s iter/s, %ss/%d iters), loss = %s",
            self.iter, number(n / lapse if lapse else n), number(lapse), self.param.display, number(self.smoothed),
        )  # fmt: skip
        for line in output_lines(self.net, values(self.net), "Train"):
            log.info(line)

    def test_all(self):
        for i in range(len(self.test_nets)):
            if not self.stop_asked:
                self.test(i)

    def test(self, i):
        """Average the outputs of test net i over test_iter batches; returns {output: mean, flat}."""
        log.info("Iteration %d, Testing net (#%d)", self.iter, i)
        net, n = self.test_nets[i], self.test_iter(i)
        sums, loss = None, 0.0
        for _ in range(n):
            if self.stop_asked:
                log.info("Test interrupted.")
                return {}
            loss += self.forward(net)
            now = values(net)
            sums = (
                now if sums is None else {k: [a + b for a, b in zip(sums[k], v, strict=True)] for k, v in now.items()}
            )
        means = {k: [x / n for x in v] for k, v in (sums or {}).items()}
        if self.param.test_compute_loss:
            log.info("Test loss: %s", number(loss / n))
        for line in output_lines(net, means, "Test"):
            log.info(line)
        return means

    def test_iter(self, i):
        given = list(self.param.test_iter)
        if len(given) != len(self.test_nets):
            raise SolverError(
                f"test_iter is given once for each test net: found {len(given)} for {len(self.test_nets)} nets"
            )
        return given[i]

    # files

    def snapshot(self):
        """Write model and state now; returns their paths."""
        return snapshot.save(self)

    def restore(self, path):
        """Continue from a .solverstate or .solverstate.h5."""
        log.info("Resuming from %s", path)
        snapshot.restore(self, path)
