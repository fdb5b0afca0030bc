"""Program: steps with their memory, ready to run, on one thread or many."""

import os
import time
from threading import Lock
from weakref import WeakSet

import numpy as np

from protonet.errors import DataError, ProtonetError
from protonet.kernels import fault, walk
from protonet.kernels.prepare import prepare
from protonet.runtime import limit, system, team
from protonet.runtime import plan as planning
from protonet.runtime.step import SMALL, View, aligned
from protonet.runtime.system import threads
from protonet.runtime.team import native

__all__ = ["Program", "ready", "threads"]
PROGRAMS: "WeakSet[Program]" = WeakSet()
WORTH = 50_000  # ns: less work is done by one thread
ASLEEP = 3  # times as much, if the others must be woken for it: that costs up to 70 us in a virtual machine
FAST = 100  # bytes a ns: no core goes through memory faster, so bytes give the least time that a step takes
LOOKS = 3  # runs on one thread, to see what a small program takes


class Program:
    """Program(steps, plan.exact(steps)).  Locked: one run at a time; two programs may run at once.

    threads: how many at most; None is as many as `threads()` says.  The numbers that come out do not depend on it.
    arena: the bytes to use as such, where not any will do.
    """

    def __init__(self, steps, plan, threads=None, arena=None):
        self.steps, self.plan, self.threads = steps, plan, threads or system.threads()
        self.lock, self.at, self.seen, self.awake = Lock(), 0, {}, 0
        limit.hold(steps, plan)
        ready([(steps, plan)], self.threads)
        self.memory = {kind: aligned(size) for kind, size in plan.sizes.items()}
        if arena is not None:
            self.memory["arena"] = arena
        words, kinds = planning.table(steps, plan)
        self.table = planning.relocate(words, kinds, {kind: m.ctypes.data for kind, m in self.memory.items()})
        planning.spans(self.table, steps, SMALL)
        self.cost = (np.cumsum([0, *(step.nbytes for step in steps)]) / FAST).tolist()
        self.hosts = [i for i, step in enumerate(steps) if step.host]
        self.faults = [buffer for buffer, (kind, _) in plan.place.items() if kind == "fault"]
        self.private = aligned(self.threads * max((planning.up(step.private) for step in steps), default=0))
        self.job = self.words()
        self.alone = native(walk.run), self.table.ctypes.data, self.private.ctypes.data  # looked up once: 2 us a run
        PROGRAMS.add(self)

    def words(self):
        """The words that the threads of a team share."""
        return team.job(self.table, self.threads, len(self.steps), self.private)

    def run(self, first=0, last=None):
        """Steps first to last.  A packed program runs whole, or on from where it stopped: memory is used again."""
        last = len(self.steps) if last is None else last
        with self.lock:
            if self.hosts:
                for begin, end, host in self.stretches(first, last):
                    if begin < end:
                        self.kernels(begin, end)
                    if host:
                        self.call(host)
            else:
                self.ends(first, last)
                self.kernels(first, last)
            if self.faults:
                self.report()

    def time(self, first=0, last=None):
        """Run, and return the ns that each step took."""
        stamps, job = np.zeros((len(self.steps) + 1, 2), np.int64), self.words()
        address, which = system.clock()
        team.put(job, stamps=stamps.ctypes.data, clock=address, id=which)
        ns = np.zeros(len(self.steps), np.int64)
        last = len(self.steps) if last is None else last
        with self.lock:
            for begin, end, host in self.stretches(first, last):
                if begin < end:
                    if self.threads == 1:
                        native(walk.alone)(job.ctypes.data, begin, end)
                    else:
                        team.together(self.threads, job, begin, end)
                    ns[begin:end] = np.diff(system.nanoseconds(stamps[begin : end + 1]))
                if host:
                    begun = time.perf_counter_ns()
                    self.call(host)
                    ns[end] = time.perf_counter_ns() - begun
            self.report()
        return ns[first:last]

    def stretches(self, first, last):
        """(begin, end, host step or None): kernels begin to end, and then the host step."""
        self.ends(first, last)
        for host in self.hosts:
            if first <= host < last:
                yield first, host, self.steps[host]
                first = host + 1
        yield first, last, None

    def ends(self, first, last):
        """A run of these steps begins: `run` says which may."""
        if self.plan.packed and first not in (0, self.at):
            raise RuntimeError(f"a packed program cannot begin at step {first}: it stopped before step {self.at}")
        self.at = last

    def kernels(self, first, last):
        """What is over before others have woken up, or has been seen to be, is done by this thread alone."""
        run, table, private = self.alone
        if self.threads == 1:
            run(table, first, last, private)
            return
        begun = time.perf_counter_ns()
        looks, best = self.seen.get((first, last), (0, 0))
        takes = max(best if looks >= LOOKS else 0, self.cost[last] - self.cost[first])
        if takes >= (WORTH if begun < self.awake else ASLEEP * WORTH):
            team.together(self.threads, self.job, first, last)
            self.awake = time.perf_counter_ns() + team.STAY
            return
        run(table, first, last, private)
        took = time.perf_counter_ns() - begun
        self.seen[first, last] = looks + 1, min(took, best) if looks else took

    def call(self, host):
        """A host step; what goes wrong in it is its layer's.  NaN and inf pass unsaid, as through kernels."""
        try:
            with np.errstate(all="ignore"):
                host.kernel(*map(self.array, host.views))
        except ProtonetError as error:
            raise error.at(f"layer '{host.label}'") from error.__cause__

    def report(self):
        """Raise what kernels have found wrong with their inputs."""
        if not self.memory["fault"].any():
            return
        for buffer in self.faults:
            words = self.array(buffer)
            index, word = map(int, words)
            if index:
                self.memory["fault"][:] = 0
                said = buffer.text.format(index=index - 1, value=fault.told(word))
                raise DataError(said).at(f"layer '{buffer.name}'")

    def array(self, buffer):
        """A live view of a buffer's memory, or of part of it."""
        view = buffer if isinstance(buffer, View) else buffer.seen(*buffer.shape)
        whole = view.buffer
        if whole in self.plan.place:
            kind, offset = self.plan.place[whole]
            flat = self.memory[kind][offset : offset + whole.nbytes].view(whole.dtype)
        else:
            flat = whole.own()
        return flat[view.start : view.start + view.count].reshape(view.shape)


def ready(lots, threads=None):
    """Have the code of several (steps, plan) at hand, compiled all at once; returns how much was missing."""
    several = (threads or system.threads()) > 1
    wanted = dict.fromkeys((function, ()) for function in (team.NATIVE if several else team.NATIVE[:1]))
    for steps, plan in lots:
        wanted |= dict.fromkeys(planning.codes(steps, plan))
    return prepare(list(wanted), system.cores())


def after_fork():
    """In the child: nobody is inside a program that ran while it was forked."""
    for program in PROGRAMS:
        program.lock, program.job[0] = Lock(), walk.CLOSED


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)
