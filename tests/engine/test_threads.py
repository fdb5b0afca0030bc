"""Programs among others: in several Python threads, in forked children, on fewer cores than threads, and when idle."""

import os
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.runtime import execute, system
from tests.engine.test_program import NET, made
from tests.engine.tools import conv, dense, pool, relu

OTHER = (
    conv("a", "x", 48, 5, pad=2)
    + relu("a", 0.1)
    + pool("p", "a", "AVE", kernel_size=3, stride=2)
    + dense("prob", "p", 7)
)
SHAPE = (2, 3, 12, 12)


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    """Teams even for little work."""
    monkeypatch.setattr(execute, "WORTH", 0)


@pytest.fixture
def x(rng):
    return rng.normal(size=SHAPE).astype(np.float32)


def test_several_programs_run_in_several_python_threads(x):
    programs = [made(body, SHAPE, threads=threads)[0] for body in (NET, OTHER) for threads in (1, 2, 3)]
    expected = [program.run(x)["prob"] for program in programs]
    wrong, barrier = [], threading.Barrier(len(programs) * 2)

    def work(i):
        barrier.wait()
        wrong.extend(i for _ in range(20) if not np.array_equal(programs[i].run(x)["prob"], expected[i]))

    jobs = [threading.Thread(target=work, args=(i % len(programs),)) for i in range(len(programs) * 2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_runs_the_program_of_its_parent_and_one_of_its_own(x):
    program, *_ = made(NET, SHAPE, threads=2)
    expected = program.run(x)["prob"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 on warns of forks with threads: that they work is the point
        child = os.fork()
    if not child:
        try:
            own = made(NET, SHAPE, threads=2)[0]
            os._exit(int(any(not np.array_equal(p.run(x)["prob"], expected) for p in (program, own, program))))
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert_array_equal(program.run(x)["prob"], expected)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads cannot be bound here")
def test_more_threads_than_cores_come_to_an_end(x):
    program, *_ = made(NET, SHAPE, threads=1)
    expected, cores = program.run(x)["prob"], os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})
        crowded, *_ = made(NET, SHAPE, threads=4)
        for _ in range(20):
            assert_array_equal(crowded.run(x)["prob"], expected)
    finally:
        os.sched_setaffinity(0, cores)


def test_threads_that_have_nothing_to_do_take_no_time(x):
    program, *_ = made(NET, SHAPE, threads=3)
    for _ in range(5):
        program.run(x)
    time.sleep(0.05)
    begun = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - begun < 0.1  # of 1.5 s that three waiting threads could burn


def test_a_container_that_grants_less_gives_fewer_threads(tmp_path, monkeypatch):
    monkeypatch.delenv("PROTONET_NUM_THREADS", raising=False)
    (tmp_path / "self").write_text("0::/\n")
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    monkeypatch.setattr(system, "CGROUP", tmp_path)
    monkeypatch.setattr(system, "SELF", tmp_path / "self")
    system.quota.cache_clear()
    try:
        assert made(NET, SHAPE)[0].threads == 1
    finally:
        system.quota.cache_clear()


@pytest.mark.slow
def test_two_processes_that_start_at_once_compile_into_one_cache(tmp_path):
    """From an empty cache, a small net: both end well, and a third compiles nothing."""
    code = (
        "import sys\nimport numpy as np\n"
        "from protonet.kernels import pointwise\nfrom protonet.runtime.call import call\n"
        "x, y = np.ones(9, np.float32), np.zeros(9, np.float32)\n"
        "call(pointwise.copy, x, y)\nassert (y == 1).all()\nprint('numba' in sys.modules)"
    )
    environment = os.environ | {"PROTONET_CACHE": str(tmp_path / "cache")}
    start = [sys.executable, "-c", code]
    both = [subprocess.Popen(start, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=300)[0].strip() for process in both] == ["True", "True"]
    assert subprocess.check_output(start, env=environment, text=True).strip() == "False"
