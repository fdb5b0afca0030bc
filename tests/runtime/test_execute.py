"""Programs: the same bits for any number of threads, from several threads, in forks; slices, hosts, faults, times."""

import _thread
import os
import threading
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError
from protonet.kernels import pointwise
from protonet.runtime import execute, plan, team
from tests.runtime.tools import buffer, chain, emitter, filled, positive, program

SIZES = [20000, 20000, 300, 300, 50000, 4096, 7, 9000]


@pytest.fixture
def eager(monkeypatch):
    """Teams even for little work."""
    monkeypatch.setattr(execute, "WORTH", 0)


def result(threads, how=plan.exact, runs=3):
    emit, first, last = chain(SIZES)
    it = program(emit, how, threads=threads)
    it.array(first)[:] = filled(first.count)
    for _ in range(runs):
        it.run()
    return it.array(last).copy()


@pytest.mark.parametrize("how", [plan.exact, plan.packed])
@pytest.mark.parametrize("threads", [2, 3, 5])
def test_any_number_of_threads_gives_the_same_bits(threads, how, eager):
    assert_array_equal(result(threads, how), result(1))


def test_a_slice_runs_its_own_steps_and_no_more(eager):
    emit = emitter()
    x = buffer(10)
    for _ in range(5):
        emit(pointwise.scale, x, x, 2.0)
    for threads in 1, 2:
        it = program(emit, threads=threads)
        it.array(x)[:] = 1
        it.run(1, 3)
        assert_array_equal(it.array(x), np.full(10, 4))


def test_four_python_threads_may_run_programs_at_once(eager):
    expected, found = result(1), {}

    def work(i):
        found[i] = [result(2) for _ in range(3)]

    jobs = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    for results in (found[i] for i in range(4)):
        for each in results:
            assert_array_equal(each, expected)


def test_four_python_threads_may_run_one_program(eager):
    emit, x = emitter(), buffer(50000)
    emit(pointwise.axpy, x, add := buffer(50000), 1.0, tasks=pointwise.tasks(x.shape))
    it = program(emit, threads=2)
    it.array(x)[:] = 1
    jobs = [threading.Thread(target=lambda: [it.run() for _ in range(50)]) for _ in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert_array_equal(it.array(add), np.full(50000, 200))


def forked(function):
    """Whether function() is true in a child process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 on warns of forks with threads: that they work is the point
        child = os.fork()
    if child == 0:
        os._exit(0 if function() else 1)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_runs_programs(eager):
    expected = result(2)
    assert forked(lambda: (result(2) == expected).all())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_forked_while_a_program_runs_may_run_it_too(eager):
    expected = result(1, runs=1)
    emit, first, last = chain(SIZES)
    it, stop = program(emit, threads=2), threading.Event()
    it.array(first)[:] = filled(first.count)

    def keep_running():
        while not stop.is_set():
            it.run()

    def again():
        it.run()
        return (it.array(last) == expected).all()

    busy = threading.Thread(target=keep_running)
    busy.start()
    try:
        assert all(forked(again) for _ in range(10))
    finally:
        stop.set()
        busy.join()


def test_an_interrupt_leaves_no_thread_inside(eager):
    emit, first, last = chain([2000] * 20)
    it = program(emit, threads=2)
    it.array(first)[:] = filled(first.count)
    it.run()
    expected = it.array(last).copy()
    for ms in range(20):
        try:
            threading.Timer(ms / 4000, _thread.interrupt_main).start()
            while True:
                it.run()
        except KeyboardInterrupt:
            it.run()
        assert_array_equal(it.array(last), expected)


def test_host_steps_run_in_their_place():
    emit, x, y = emitter(), buffer(3), buffer(3)
    emit(pointwise.fill, x, 2.0)
    emit.host(lambda x, y: np.multiply(x, 10, out=y), x, y, out=[y])
    emit(pointwise.scale, y, y, 0.5)
    emit.host(lambda y: np.add(y, 1, out=y), y)
    for threads in 1, 2:
        it = program(emit, threads=threads)
        it.run()
        assert_array_equal(it.array(y), [11, 11, 11])


def test_an_error_in_a_host_step_leaves_the_program_usable():
    emit, x, fail = emitter(), buffer(3), [True]

    def maybe(x):
        if fail:
            raise RuntimeError("not now")

    emit(pointwise.fill, x, 2.0)
    emit.host(maybe, x)
    it = program(emit)
    with pytest.raises(RuntimeError, match="not now"):
        it.run()
    fail.clear()
    it.run()
    assert_array_equal(it.array(x), [2, 2, 2])


@pytest.mark.parametrize(("bad", "said"), [(-3, "-3"), (np.nan, "nan"), (-np.inf, "-inf"), (-1e30, r"-1e\+30")])
def test_a_fault_is_raised_once_with_its_place(bad, said):
    emit, x, y = emitter("loss"), buffer(8), buffer(8)
    emit(positive, x, y, emit.fault("value {value} at {index} is negative"), tasks=8)
    emit(positive, y, y := buffer(8), emit.fault("never"), tasks=8)
    it = program(emit, threads=2)
    it.array(x)[5:7] = bad
    with pytest.raises(DataError, match=f"^layer 'loss': value {said} at 5 is negative$"):
        it.run()
    it.array(x)[:] = 1
    it.run()
    assert_array_equal(it.array(y), np.ones(8))


def test_a_packed_program_runs_whole_or_on_from_where_it_stopped():
    emit, *_ = chain([10, 10])
    it = program(emit, plan.packed)
    with pytest.raises(RuntimeError, match="cannot begin at step 2: it stopped before step 0"):
        it.run(2)
    it.run(0, 2)
    it.run(2)
    it.run()


def test_small_programs_leave_the_team_asleep(monkeypatch):
    monkeypatch.setattr(team, "together", lambda *_: pytest.fail("a team was asked for"))
    emit, x = emitter(), buffer(10)
    for _ in range(20):
        emit(pointwise.scale, x, x, 1.0)
    it = program(emit, threads=2)
    for _ in range(10):
        it.run()


def test_long_programs_of_few_bytes_are_found_out(monkeypatch):
    asked = []
    monkeypatch.setattr(execute, "WORTH", 1)
    monkeypatch.setattr(team, "together", lambda *of: asked.append(of[2:]))
    emit, x = emitter(), buffer(1)
    emit(pointwise.scale, x, x, 1.0)
    it = program(emit, threads=2)
    for _ in range(execute.LOOKS + 2):
        it.run()
    assert asked == [(0, 1)] * 2


@pytest.mark.parametrize("threads", [1, 2])
def test_time_runs_the_steps_and_says_what_each_took(threads):
    emit, x, y = emitter(), buffer(4), buffer(1 << 20)
    emit(pointwise.scale, x, x, 2.0)
    emit(pointwise.fill, y, 1.0, tasks=pointwise.tasks(y.shape))
    emit.host(lambda x: np.multiply(x, 2, out=x), x)
    emit(pointwise.scale, x, x, 2.0)
    it = program(emit, threads=threads)
    it.array(x)[:] = 1
    least = np.min([it.time() for _ in range(5)], axis=0)
    assert_array_equal(it.array(x), np.full(4, 8.0**5))
    assert (least > 0).all()
    assert least[1] > 20_000  # ns: no machine writes 4 MB faster
    assert least[0] < least[1]
    assert len(it.time(1, 3)) == 2


def test_arrays_are_live_and_views_begin_where_they_say():
    emit, x, y = emitter(), buffer(2, 6), buffer(3)
    emit(pointwise.copy, x.seen(3, start=7), y)
    it = program(emit)
    it.array(x)[...] = np.arange(12).reshape(2, 6)
    it.run()
    assert_array_equal(it.array(y), [7, 8, 9])
    assert_array_equal(it.array(x.seen(2, 2, start=1).seen(2, start=2)), [3, 4])
    it.array(x)[1] = 5
    it.run()
    assert_array_equal(it.array(y), [5, 5, 5])


def test_arrays_that_must_lie_apart_are_refused_at_one_place():
    emit, x = emitter(), buffer(8)
    emit(pointwise.copy, x, x)
    with pytest.raises(TypeError, match=r"pointwise.copy: x and y lie at one place; it was declared without y='x'"):
        program(emit)


def test_parts_of_one_buffer_lie_apart():
    emit, x = emitter(), buffer(8)
    emit(pointwise.copy, x.seen(4), x.seen(4, start=4))
    it = program(emit)
    it.array(x)[:4] = [1, 2, 3, 4]
    it.run()
    assert_array_equal(it.array(x), [1, 2, 3, 4, 1, 2, 3, 4])
