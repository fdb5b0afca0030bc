"""Decoding by several threads, where there are cores to spare: OpenCV lets go of the interpreter lock meanwhile.

With two cores there are none: one computes, the other reads ahead.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

from protonet.runtime.system import cores

MOST = 4
T = TypeVar("T")


@cache
def pool(process: int, threads: int) -> ThreadPoolExecutor:
    """The threads of a process; a forked child has none of its parent's."""
    return ThreadPoolExecutor(threads, "protonet decode")


def each(function: Callable[[Any], T], items: Iterable[Any]) -> list[T]:
    """[function(item) for item in items].  What goes wrong first, in the order of the items, is raised."""
    threads = min(MOST, cores() - 1)
    if threads < 2:
        return [function(item) for item in items]
    return list(pool(os.getpid(), threads).map(function, items))
