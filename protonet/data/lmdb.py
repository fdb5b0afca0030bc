"""LMDB databases, read only: no lock file is written, so that a folder on a read-only disk does.

A process may open an LMDB once only; the train and the test net of a solver may well read the same one.  So the
environments are shared, by file, and by process: a forked child opens its own.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from protonet.errors import DataError

OPEN: dict[tuple, list] = {}  # (process, identity of the file) -> [environment, users]
LOCK = Lock()


class Lmdb:
    """Records (key, value) in the order of their keys."""

    def __init__(self, path: str | Path):
        self.path = str(path)
        self.key = (os.getpid(), *identity(path))
        self.environment = shared(self.key, self.path)
        self.size: int = self.environment.stat()["entries"]

    def __len__(self) -> int:
        return self.size

    def records(self, skip: int = 0) -> Iterator[tuple[bytes, memoryview]]:
        """All records from number `skip` on, once.  Values lie in the file's memory: valid while it is open."""
        with self.environment.begin(buffers=True) as transaction, transaction.cursor() as cursor:
            there = cursor.first()
            for _ in range(skip):
                there = there and cursor.next()
            if there:
                yield from cursor.iternext()

    def picked(self, numbers: Iterable[int]) -> Iterator[tuple[bytes, memoryview]]:
        """The records of these numbers, in this order."""
        with self.environment.begin(buffers=True) as transaction:
            keys = [bytes(key) for key in transaction.cursor().iternext(values=False)]
            for number in numbers:
                yield keys[number], transaction.get(keys[number])

    def close(self) -> None:
        """Close it, if nobody else reads it."""
        with LOCK:
            entry = OPEN.get(self.key)
            if self.environment is None or entry is None:
                return
            self.environment = None
            entry[1] -= 1
            if not entry[1]:
                del OPEN[self.key]
                if self.key[0] == os.getpid():
                    entry[0].close()


def identity(path: str | Path) -> tuple[int, int]:
    """What stays the same whatever a file is called, and does not when it is replaced."""
    status = os.stat(os.path.join(path, "data.mdb") if os.path.isdir(path) else path)
    return status.st_dev, status.st_ino


def shared(key: tuple, path: str) -> Any:
    with LOCK:
        for other in [other for other in OPEN if other[1:] == key[1:] and other[0] != key[0]]:
            OPEN.pop(other)[0].close()  # inherited by a fork: of no use here, and in the way
        if key not in OPEN:
            OPEN[key] = [opened(path), 0]
        OPEN[key][1] += 1
        return OPEN[key][0]


def opened(path: str) -> Any:
    import lmdb

    try:
        environment = lmdb.open(
            path, readonly=True, lock=False, subdir=os.path.isdir(path), max_readers=1, readahead=True, create=False
        )
    except lmdb.Error as error:
        raise DataError(f"not an LMDB that can be read ({str(error).rpartition(': ')[2]})", path) from None
    file = os.path.join(path, "data.mdb") if os.path.isdir(path) else path
    wanted = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    if os.path.getsize(file) < wanted:  # reading past the end would kill the process
        environment.close()
        raise DataError(f"the LMDB is cut: it should have {wanted} bytes, and has {os.path.getsize(file)}", path)
    return environment


def after_fork() -> None:
    global LOCK
    LOCK = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)
