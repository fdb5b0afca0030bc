"""Batches made ahead, by a thread, into a few sets of arrays that go round: free, being filled, full, being copied.

What goes wrong in the thread is raised where the batch is asked for.  A forked child has no such thread and starts
its own, at the batch it wants.  The thread ends when told, when its owner is forgotten, and before the interpreter.
"""

import atexit
import os
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from weakref import WeakSet, finalize

import numpy as np

from protonet.errors import DataError, ProtonetError

DEPTH = 3
LANES: "WeakSet[Lane]" = WeakSet()


class Lane:
    """The thread and its two queues; it knows nothing of who takes the batches."""

    def __init__(self, open_: Callable[[], Any], first: int, depth: int):
        self.open, self.first, self.room = open_, first, depth
        self.free: SimpleQueue = SimpleQueue()
        self.full: SimpleQueue = SimpleQueue()
        self.stopped = False
        self.thread = Thread(target=self.work, name="protonet data", daemon=True)
        LANES.add(self)
        self.thread.start()

    def work(self) -> None:
        source = None
        try:
            source = self.open()
            index = self.first
            while (arrays := self.unused()) is not None and not self.stopped:
                if not arrays:
                    arrays = [np.empty(shape, np.float32) for shape in source.shapes]
                self.full.put(source.fill(index, arrays))
                index += 1
        except BaseException as error:
            self.full.put((error, getattr(error, "where", "")))
        finally:
            if source is not None:
                source.close()

    def unused(self) -> Any:
        """Arrays that have come back, or none yet (an empty list) while there may be more; None at the end."""
        if self.room:
            try:
                return self.free.get_nowait()
            except Empty:
                self.room -= 1
                return []
        return self.free.get()

    def get(self) -> list[np.ndarray]:
        while True:
            try:
                got = self.full.get(timeout=1)  # without one, Ctrl-C would wait too, on Windows
            except Empty:
                if self.thread.is_alive():
                    continue
                raise DataError("the thread that reads the data has gone") from None
            if isinstance(got, tuple):  # asked again, it says so again
                self.full.put(got)
                error, where = got
                if isinstance(error, ProtonetError):
                    error.where = where  # without what callers added last time
                raise error.with_traceback(None)
            return got

    def stop(self) -> None:
        """Let the thread end, which closes what it reads.  The garbage collector calls this too: so no waiting."""
        self.stopped = True
        self.free.put(None)


class Prefetch:
    """Calls open_() in a thread of its own and gives out its batches, in order, from number `first` on."""

    def __init__(self, open_: Callable[[], Any], first: int = 0, depth: int = DEPTH):
        self.open, self.next, self.depth = open_, first, depth
        self.start()

    def start(self) -> None:
        self.process = os.getpid()
        self.lane = Lane(self.open, self.next, self.depth)
        self.forgotten = finalize(self, self.lane.stop)

    def take(self, use: Callable[[list[np.ndarray]], Any]) -> Any:
        """Hand the next batch to `use`, whose arrays are written over later.  Returns what it returns."""
        if os.getpid() != self.process:
            self.forgotten.detach()  # the thread is the parent's
            self.start()
        arrays = self.lane.get()
        try:
            return use(arrays)
        finally:
            self.next += 1
            self.lane.free.put(arrays)

    def close(self) -> None:
        """End the thread, and wait until it has closed what it reads."""
        self.forgotten()
        if os.getpid() == self.process:
            self.lane.thread.join(10)


@atexit.register
def stop_all() -> None:
    lanes = list(LANES)
    for lane in lanes:
        lane.stop()
    for lane in lanes:
        lane.thread.join(10)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LANES.clear)
