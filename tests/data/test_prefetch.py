import gc
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from protonet.data.prefetch import LANES, Prefetch
from protonet.errors import DataError


class Counting:
    """Batch i is full of i."""

    shapes = [(2, 3), (2,)]  # noqa: RUF012
    opened = closed = 0

    def __init__(self, wrong_at=None):
        type(self).opened += 1
        self.wrong_at, self.arrays = wrong_at, set()

    def fill(self, index, out):
        if index == self.wrong_at:
            raise DataError("no more").at("file")
        self.arrays.add(id(out[0]))
        for array in out:
            array[...] = index
        return out

    def close(self):
        type(self).closed += 1


@pytest.fixture(autouse=True)
def none_left():
    Counting.opened = Counting.closed = 0
    yield
    gc.collect()
    assert soon(lambda: not [t for t in threading.enumerate() if t.name == "protonet data"])


def soon(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def first(arrays):
    assert (arrays[1] == arrays[0][0, 0]).all()
    return int(arrays[0][0, 0])


def test_no_more_is_made_ahead_than_there_is_room_for():
    few, many = Prefetch(Counting, depth=2), Prefetch(Counting, depth=(1 << 31) - 1)
    assert [many.take(first) for _ in range(20)] == list(range(20))
    assert soon(lambda: few.lane.full.qsize() == 2)
    assert [few.take(first) for _ in range(20)] == list(range(20))
    assert few.lane.full.qsize() <= 2
    for it in few, many:
        it.close()


def test_batches_come_in_order_from_the_first_that_is_asked_for():
    it = Prefetch(Counting, first=5)
    assert [it.take(first) for _ in range(20)] == list(range(5, 25))
    it.close()
    assert (Counting.opened, Counting.closed) == (1, 1)


def test_no_more_is_made_than_there_is_room_for():
    made = []

    class Noting(Counting):
        def fill(self, index, out):
            made.append(index)
            return super().fill(index, out)

    it = Prefetch(Noting, depth=3)
    assert soon(lambda: len(made) == 3)
    time.sleep(0.05)
    assert len(made) == 3
    it.take(first)
    assert soon(lambda: len(made) == 4)
    it.close()


def test_memory_goes_round():
    sources = []

    def opened():
        sources.append(Counting())
        return sources[-1]

    it = Prefetch(opened, depth=3)
    for _ in range(20):
        it.take(first)
    it.close()
    assert len(sources[0].arrays) == 3


def test_what_goes_wrong_ahead_is_raised_in_its_turn_and_again():
    it = Prefetch(lambda: Counting(wrong_at=2))
    assert [it.take(first) for _ in range(2)] == [0, 1]
    for _ in range(3):
        with pytest.raises(DataError) as error:
            it.take(first)
        assert str(error.value) == "file: no more"
        error.value.at("layer 'data'")
    it.close()
    assert Counting.closed == 1


def test_what_goes_wrong_at_opening_is_raised_too():
    def fail():
        raise DataError("not there")

    it = Prefetch(fail)
    with pytest.raises(DataError, match="not there"):
        it.take(first)
    it.close()


def test_a_batch_may_come_in_arrays_of_another_shape():
    class Growing(Counting):
        def fill(self, index, out):
            return [np.full((1, index + 1), index, np.float32), np.full(1, index, np.float32)]

    it = Prefetch(Growing)
    assert [it.take(lambda arrays: arrays[0].shape) for _ in range(6)] == [(1, n) for n in range(1, 7)]
    it.close()


def test_a_forgotten_one_ends_its_thread_and_closes_the_source():
    it = Prefetch(Counting)
    it.take(first)
    del it
    gc.collect()
    assert soon(lambda: Counting.closed == 1)


def test_an_interrupted_user_loses_no_room():
    it = Prefetch(Counting, depth=1)

    def interrupted(arrays):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        it.take(interrupted)
    assert it.take(first) == 1
    it.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_goes_on_by_itself():
    it = Prefetch(Counting)
    assert [it.take(first) for _ in range(3)] == [0, 1, 2]
    child = os.fork()
    if not child:
        ok = [it.take(first) for _ in range(5)] == [3, 4, 5, 6, 7] and len(LANES) == 1
        it.close()
        os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert [it.take(first) for _ in range(3)] == [3, 4, 5]
    it.close()


def test_the_interpreter_ends_at_once_and_quietly_while_batches_are_made():
    code = (
        "import numpy as np, sys, time\nfrom protonet.data.prefetch import Prefetch\n"
        "class Slow:\n    shapes = [(300, 300)]\n"
        "    def fill(self, i, out):\n        time.sleep(0.01); out[0][...] = i; return out\n"
        "    def close(self): sys.stdout.write('closed\\n')\n"
        "its = [Prefetch(Slow) for _ in range(4)]\n"
        "print(int(its[0].take(lambda a: a[0][0, 0])))"
    )
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["0", *["closed"] * 4]
    assert time.monotonic() - start < 10
