"""Programs, and the threads that run them.

A team is the calling thread and its workers, asleep between runs.  Each running program has one to itself;
idle teams wait in a pool.  A forked child has no threads but its own, so it starts with an empty pool.
"""

import ctypes
import os
from collections import defaultdict, deque
from functools import cache
from queue import SimpleQueue
from threading import Lock, Thread
from weakref import WeakSet

import numpy as np

from protonet.kernels import objects, walk
from protonet.runtime import plan

LIBC = ctypes.CDLL(None)
sched_getcpu = getattr(LIBC, "sched_getcpu", None) if hasattr(os, "sched_setaffinity") else None
IDLE, PROGRAMS = defaultdict(deque), WeakSet()


@cache
def native(function, words):
    """A function of walk.py as C sees it; ctypes lets go of the interpreter lock while it runs."""
    name = f"walk.{function.function.__name__}"

    def make():
        from protonet.kernels import compile

        return compile.c_function(name, compile.single(function.function), words)

    return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * words)(objects.address(name, make))


class Team:
    def __init__(self, threads):
        self.calls, self.home = [SimpleQueue() for _ in range(threads - 1)], None
        self.workers = [Thread(target=self.work, args=job, daemon=True) for job in enumerate(self.calls, start=1)]
        for worker in self.workers:
            worker.start()

    def work(self, me, calls):
        while True:
            shared = calls.get()
            while not calls.empty():  # runs that were over before this thread woke
                shared = calls.get()
            native(walk.follow, 2)(shared.ctypes.data, me)

    def run(self, shared, first, last):
        self.settle()
        native(walk.open_, 3)(shared.ctypes.data, first, last)
        for call in self.calls:
            call.put(shared)
        native(walk.lead, 1)(shared.ctypes.data)

    def settle(self):
        """Keep workers off the caller's core: woken there, as Linux likes to do, they are no use for milliseconds."""
        if sched_getcpu and (home := sched_getcpu()) != self.home:
            self.home = home
            cores = sorted(os.sched_getaffinity(0) - {home}) or [home]
            for i, worker in enumerate(self.workers):
                os.sched_setaffinity(worker.native_id, {cores[i % len(cores)]})


class Program:
    """Steps with their memory, ready to run.  `memory` gives the bytes of kinds that another program owns."""

    def __init__(self, steps, sizes, threads=1, memory=None):
        self.steps, self.threads, self.lock = steps, threads, Lock()
        self.memory = {kind: aligned(size) for kind, size in sizes.items()} | (memory or {})
        rows, kinds = plan.table(steps)
        self.table = plan.relocate(rows, kinds, {k: m.ctypes.data for k, m in self.memory.items()})
        self.hosts = [i for i, step in enumerate(steps) if step.host]
        self.shared = np.zeros(16 + 8 * (threads + 1) * len(steps), np.int64)
        self.shared[[0, 8, 11, 12]] = walk.CLOSED, self.table.ctypes.data, threads, usleep_address()
        PROGRAMS.add(self)

    def run(self, first=0, last=None):
        last = len(self.steps) if last is None else last
        with self.lock:
            for host in [*(i for i in self.hosts if first <= i < last), last]:
                if first < host:
                    self.kernels(first, host)
                if host < last:
                    self.steps[host].kernel(*map(self.array, self.steps[host].buffers))
                first = host + 1

    def kernels(self, first, last):
        if self.threads == 1:
            return native(walk.run, 3)(self.table.ctypes.data, first, last)
        try:
            team = IDLE[self.threads].pop()
        except IndexError:
            team = Team(self.threads)
        team.run(self.shared, first, last)
        IDLE[self.threads].append(team)

    def array(self, buffer):
        memory = self.memory[buffer.kind][buffer.offset : buffer.offset + buffer.nbytes]
        return memory.view(np.float32).reshape(buffer.shape)


@cache
def usleep_address():
    return ctypes.cast(LIBC.usleep, ctypes.c_void_p).value


def aligned(size, to=64):
    raw = np.zeros(size + to, np.uint8)
    return raw[-raw.ctypes.data % to :][:size]


def after_fork():
    """In the child: no workers, and nobody inside a program that ran while it was forked."""
    IDLE.clear()
    for program in PROGRAMS:
        program.lock, program.shared[0] = Lock(), walk.CLOSED


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)
