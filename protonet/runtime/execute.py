"""Programs, and the threads that run them.

A team is the calling thread and its workers, asleep between runs.  Each running program has one to itself;
idle teams wait in a pool.  A forked child has no threads but its own, so it starts with an empty pool.
"""

import ctypes
import os
import time
from collections import defaultdict, deque
from functools import cache
from queue import SimpleQueue
from threading import Lock, Thread
from weakref import WeakSet

import numpy as np

from protonet.errors import DataError
from protonet.kernels import prepare, walk
from protonet.runtime import plan as planning
from protonet.runtime import system
from protonet.runtime.step import SMALL, View, aligned
from protonet.runtime.system import threads

__all__ = ["Program", "threads"]
IDLE: dict[int, deque["Team"]] = defaultdict(deque)
PROGRAMS: "WeakSet[Program]" = WeakSet()
TEAMWORK = walk.run, walk.open_, walk.lead, walk.follow, walk.spin
NAN = np.iinfo(np.int64).min  # a NaN, as a word of a fault
WORTH = 50_000  # ns: less work is done by one thread
FAST = 20  # bytes a ns: no core goes through memory faster, so bytes give the least time that a step takes
LOOKS = 3  # runs on one thread, to see what a small program takes


@cache
def native(function):
    """A function of walk.py as C sees it; ctypes lets go of the interpreter lock while it runs."""
    words = function.function.__code__.co_argcount
    return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * words)(function.address())


@cache
def turns():
    """How many turns of waiting make 50 us here."""
    spin = native(walk.spin)
    spin(100)
    begun = time.perf_counter_ns()
    spin(1000)
    return max(100, 50_000_000 // max(1, time.perf_counter_ns() - begun))


class Team:
    def __init__(self, size):
        self.calls: list[SimpleQueue] = [SimpleQueue() for _ in range(size - 1)]
        self.home = None
        self.workers = [Thread(target=self.work, args=job, daemon=True) for job in enumerate(self.calls, start=1)]
        for worker in self.workers:
            worker.start()

    def work(self, me, calls):
        follow = native(walk.follow)
        while True:
            shared = calls.get()
            while not calls.empty():  # runs that were over before this thread woke
                shared = calls.get()
            follow(shared.ctypes.data, me)

    def run(self, shared, first, last):
        self.settle()
        team = shared.ctypes.data
        native(walk.open_)(team, first, last)
        try:
            for call in self.calls:
                call.put(shared)
        finally:
            native(walk.lead)(team)

    def settle(self):
        """Keep workers off the caller's core: woken there, as Linux likes to do, they are no use for milliseconds."""
        home = system.core()
        if home != self.home:
            self.home = home
            system.keep_off(home, self.workers)


class Program:
    """Steps with their memory, ready to run: Program(steps, plan.exact(steps)).

    `memory` gives the bytes of kinds that another program owns.  Locked: one run at a time; two programs may run at once.
    """

    def __init__(self, steps, plan, threads=None, memory=None):
        self.steps, self.plan, self.lock, self.at = steps, plan, Lock(), 0
        self.threads = threads or system.threads()
        natives = TEAMWORK if self.threads > 1 else TEAMWORK[:1]
        prepare.prepare([*((function, ()) for function in natives), *planning.codes(steps, plan)], system.cores())
        given = memory or {}
        self.memory = given | {kind: aligned(size) for kind, size in plan.sizes.items() if kind not in given}
        words, kinds = planning.table(steps, plan)
        self.table = planning.relocate(words, kinds, {kind: m.ctypes.data for kind, m in self.memory.items()})
        self.cost = np.cumsum([0, *(step.nbytes for step in self.steps)]) / FAST
        planning.spans(self.table, self.steps, SMALL)
        self.hosts = [i for i, step in enumerate(self.steps) if step.host]
        self.faults = [buffer for buffer, (kind, _) in plan.place.items() if kind == "fault"]
        self.best, self.looks = {}, {}
        self.shared = self.team() if self.threads > 1 else None
        PROGRAMS.add(self)

    def team(self):
        """The words that the threads of a team share: see walk.py."""
        lines = 3 + (self.threads + 1) * len(self.steps)
        shared = aligned(walk.LINE * lines).view(np.int64)
        address, nap = system.sleep()
        stay = turns() if self.threads > 1 else 0
        job = dict(table=self.table.ctypes.data, threads=self.threads, sleep=address, nap=nap)
        job |= dict(spin=stay, stay=stay)
        shared[0] = walk.CLOSED
        for i, word in enumerate(walk.WORDS, start=walk.JOB // 8):
            shared[i] = job.get(word, 0)
        return shared

    def run(self, first=0, last=None):
        """Steps first to last.  A packed program runs whole, or on from where it stopped: memory is used again."""
        last = len(self.steps) if last is None else last
        with self.lock:
            if self.plan.packed and first not in (0, self.at):
                raise RuntimeError(f"a packed program cannot begin at step {first}: it stopped before step {self.at}")
            self.at = last
            for begin, end, host in self.stretches(first, last):
                if begin < end:
                    self.kernels(begin, end)
                if host:
                    host.kernel(*map(self.array, host.views))
            if self.faults:
                self.report()

    def stretches(self, first, last):
        """(begin, end, host step or None): kernels begin to end, and then the host step."""
        for host in self.hosts:
            if first <= host < last:
                yield first, host, self.steps[host]
                first = host + 1
        yield first, last, None

    def kernels(self, first, last):
        if self.threads == 1:
            native(walk.run)(self.table.ctypes.data, first, last)
        elif self.cost[last] - self.cost[first] < WORTH and self.small(first, last):
            begun = time.perf_counter_ns()
            native(walk.run)(self.table.ctypes.data, first, last)
            took = time.perf_counter_ns() - begun
            self.best[first, last] = min(took, self.best.get((first, last), took))
        else:
            self.together(first, last)

    def small(self, first, last):
        """Whether one thread shall do it: until that has been seen to take long, in some first runs."""
        looks = self.looks[first, last] = self.looks.get((first, last), 0) + 1
        return looks <= LOOKS or self.best[first, last] < WORTH

    def together(self, first, last):
        try:
            team = IDLE[self.threads].pop()
        except IndexError:
            team = Team(self.threads)
        try:
            team.run(self.shared, first, last)
        finally:
            IDLE[self.threads].append(team)

    def time(self, first=0, last=None):
        """Runs the steps; returns the ns that each of them took."""
        last = len(self.steps) if last is None else last
        shared, stamps = self.team(), np.zeros((len(self.steps) + 1, 2), np.int64)
        address, which = system.clock()
        ns = np.zeros(last - first, np.int64)
        shared[[walk.STAMPS // 8, walk.CLOCK // 8]] = stamps.ctypes.data, address
        shared[walk.ID // 8] = which
        with self.lock:
            kept, self.shared = self.shared, shared
            try:
                for begin, end, host in self.stretches(first, last):
                    if begin < end:
                        if self.threads == 1:
                            native(walk.alone)(shared.ctypes.data, begin, end)
                        else:
                            self.together(begin, end)
                        ns[begin - first : end - first] = np.diff(system.nanoseconds(stamps[begin : end + 1]))
                    if host:
                        begun = time.perf_counter_ns()
                        host.kernel(*map(self.array, host.views))
                        ns[end - first] = time.perf_counter_ns() - begun
                self.report()
            finally:
                self.shared = kept
        return ns

    def report(self):
        """Raise what kernels have found wrong with their inputs."""
        if not self.memory["fault"].any():
            return
        for buffer in self.faults:
            words = self.array(buffer)
            index, value = words
            if index:
                words[:] = 0
                said = buffer.text.format(index=index - 1, value="nan" if value == NAN else value)
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


def after_fork():
    """In the child: no workers, and nobody inside a program that ran while it was forked."""
    IDLE.clear()
    for program in PROGRAMS:
        program.lock = Lock()
        if program.shared is not None:
            program.shared[0] = walk.CLOSED


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)
