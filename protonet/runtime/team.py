"""Threads that run a table of steps together (kernels/walk.py): the caller and its workers, asleep between runs.

Each running program has a team to itself; idle teams wait in a pool.  A forked child has no threads but its own, so it
starts with an empty pool.
"""

import ctypes
import os
import time
from collections import defaultdict, deque
from functools import cache
from queue import SimpleQueue
from threading import Thread

import numpy as np

from protonet.kernels import walk
from protonet.runtime import system
from protonet.runtime.step import aligned

IDLE: dict[int, deque["Team"]] = defaultdict(deque)
NATIVE = walk.run, walk.lead, walk.follow, walk.spin  # what a team needs; alone, the first is enough
STAY = 50_000  # ns that a worker stays after a run, and that a waiter spins before it sleeps


@cache
def native(function):
    """A function of walk.py as C sees it; ctypes lets go of the interpreter lock while it runs."""
    words = function.function.__code__.co_argcount
    return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * words)(function.address())


@cache
def turns():
    """How many turns of waiting make STAY here."""
    least = STAY
    for _ in range(5):
        begun = time.perf_counter_ns()
        native(walk.spin)(500)
        least = min(least, time.perf_counter_ns() - begun)
    return 500 * STAY // least


def job(table, threads, steps, private):
    """The words that the threads of a team share, in the order of walk.py."""
    words = aligned(walk.COUNTERS + walk.LINE * (threads + 1) * steps).view(np.int64)
    words[0] = walk.CLOSED
    put(words, table=table.ctypes.data, threads=threads, memory=private.ctypes.data, private=private.nbytes // threads)
    if threads > 1:
        address, nap = system.sleep()
        put(words, sleep=address, nap=nap, spin=turns(), stay=turns())
    return words


def put(words, **values):
    for name, value in values.items():
        words[walk.JOB // 8 + walk.WORDS.index(name)] = value


class Team:
    def __init__(self, size):
        self.calls: list[SimpleQueue] = [SimpleQueue() for _ in range(size - 1)]
        self.workers = [Thread(target=self.work, args=each, daemon=True) for each in enumerate(self.calls, start=1)]
        self.home = None
        for worker in self.workers:
            worker.start()

    def work(self, me, calls):
        follow = native(walk.follow)
        while True:
            words = calls.get()
            while not calls.empty():  # runs that were over before this thread woke
                words = calls.get()
            follow(words.ctypes.data, me)

    def run(self, words, first, last):
        self.settle()
        for call in self.calls:
            call.put(words)
        native(walk.lead)(words.ctypes.data, first, last)

    def settle(self):
        """Keep workers off the caller's core: woken there, as Linux likes to do, they are no use for milliseconds."""
        home = system.core()
        if home != self.home:
            self.home = home
            system.keep_off(home, self.workers)


def together(threads, words, first, last):
    """Run steps first to last of a job with a team of this size."""
    try:
        team = IDLE[threads].pop()
    except IndexError:
        team = Team(threads)
    try:
        team.run(words, first, last)
    finally:
        IDLE[threads].append(team)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=IDLE.clear)
