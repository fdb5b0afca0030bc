"""protonet train: resume, fine-tuning, signals, what it says.  Its numbers beside Caffe's: test_golden_logs.py."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from protonet.io import load_solverstate, load_weights
from tests.cli.conftest import SOLVER


def same(one, other):
    a, b = load_weights(one), load_weights(other)
    assert list(a) == list(b)
    for name in a:
        for x, y in zip(a[name], b[name], strict=True):
            np.testing.assert_array_equal(x, y, err_msg=name)


def test_a_solver_is_followed_to_its_end(command, project, here):
    done = command("train", "-solver", project / "solver.prototxt")
    assert done.code == 0
    assert sorted(p.name for p in here.glob("tiny*")) == [
        f"tiny_iter_{i}.{kind}" for i in (10, 20) for kind in ("caffemodel", "solverstate")
    ]
    for line in (
        "Use CPU.", "Solver scaffolding done.", "Starting Optimization", "Solving tiny", "Learning Rate Policy: fixed",
        "Iteration 0, Testing net (#0)", "Iteration 15, lr = 0.05",
        "Snapshotting to binary proto file tiny_iter_20.caffemodel",
        "Network initialization done.", "conv needs backward computation.", "This network produces output acc",
    ):  # fmt: skip
        assert line in done.messages, line
    assert done.messages[-2:] == ["Optimization Done."] * 2
    assert not done.out
    same("tiny_iter_20.caffemodel", project / "tiny_iter_20.caffemodel")


def test_a_snapshot_is_resumed(command, project, here):
    assert command("train", "-solver", project / "solver.prototxt", "-iterations=15").code == 0
    assert load_solverstate("tiny_iter_15.solverstate").iter == 15
    done = command("train", "--solver", project / "solver.prototxt", "--snapshot=tiny_iter_10.solverstate")
    assert done.code == 0
    assert "SGDSolver: restoring history" in done.messages
    assert done.messages.index("Resuming from tiny_iter_10.solverstate") < done.messages.index("Starting Optimization")
    assert "Iteration 10, Testing net (#0)" in done.messages
    assert "Iteration 0, Testing net (#0)" not in done.messages
    assert load_solverstate("tiny_iter_20.solverstate").iter == 20


def test_a_training_starts_from_given_weights(command, project, here):
    """Which are matched by name: the renamed layer starts afresh."""
    net = (project / "train_val.prototxt").read_text().replace("train_lmdb", str(project / "train_lmdb"))
    net = net.replace("test_lmdb", str(project / "test_lmdb")).replace('name: "fc"', 'name: "fc_new"')
    (here / "net.prototxt").write_text(net)
    (here / "solver.prototxt").write_text(SOLVER.replace("train_val", "net"))
    model = project / "tiny_iter_20.caffemodel"
    done = command("train", "-solver", "solver.prototxt", "-weights", model, "-iterations", 0)
    assert done.code == 0
    assert f"{model}: 3 layers copied; ignored: fc; fresh: fc_new" in done.messages
    before, after = load_weights(model), load_weights("tiny_iter_0.caffemodel")
    np.testing.assert_array_equal(after["conv"][0], before["conv"][0])
    assert not np.array_equal(after["fc_new"][0], before["fc"][0])


def test_what_a_command_says_wins_over_the_solver(command, project, here):
    text = SOLVER + "weights: 'nowhere.caffemodel' train_state { level: 2 stage: 'a' }"
    (here / "solver.prototxt").write_text(text.replace("train_val", str(project / "train_val")))
    model = project / "tiny_iter_20.caffemodel"
    done = command(
        "train", "-solver=solver.prototxt", f"-weights={model},{model}", "-iterations=0", "-stage=b,c", "-gpu=0"
    )
    assert done.code == 0
    assert done.messages.count(f"Finetuning from {model}") == 2
    assert 'stage: "a"\n  stage: "b"\n  stage: "c"' in done.err
    assert "level: 2" in done.err
    assert "the GPU was asked for: protonet runs on the CPU" in done.messages


def test_a_quiet_run_says_nothing_but_warnings(command, project, here):
    done = command("train", "-solver", project / "solver.prototxt", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-solver", "gone.prototxt"], "gone.prototxt: cannot be read: No such file or directory"),
        (["-solver", "{project}/solver.prototxt", "-snapshot", "gone.solverstate"], "gone.solverstate: "),
        (["-solver", "{project}/solver.prototxt", "-weights", "gone.caffemodel"], "gone.caffemodel: "),
        (["-solver", "{project}/solver.prototxt", "-snapshot", "a", "-weights", "b"], "give one of them"),
        (["-solver", "{project}/train_val.prototxt"], "unknown field 'name'"),
        (["-solver", "{project}/solver.prototxt", "--threads", "0"], "--threads must be at least 1, found 0"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_1(words, message, command, project, here):
    done = command("train", *(word.format(project=project) for word in words))
    assert done.code == 1
    assert [line for line in done.err.splitlines() if line.startswith("protonet: ") and message in line]
    assert "Traceback" not in done.err


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.parametrize(
    ("name", "options", "goes_on"),
    [
        ("SIGINT", [], False),
        ("SIGTERM", [], False),
        ("SIGHUP", [], True),
        ("SIGINT", ["-sigint_effect=snapshot"], True),
        ("SIGHUP", ["-sighup_effect", "stop"], False),
    ],
)
def test_a_signal_takes_a_snapshot_and_stops_or_goes_on(name, options, goes_on, project, here):
    text = SOLVER.replace("max_iter: 20", "max_iter: 1000000000").replace("snapshot: 10", "").replace("display: 5", "")
    (here / "solver.prototxt").write_text(text.replace("train_val", str(project / "train_val")))
    words = [sys.executable, "-m", "protonet", "train", "-solver", "solver.prototxt", *options]
    log = here / "log"
    with log.open("w") as err, subprocess.Popen(words, stderr=err) as running:
        try:
            assert waited(lambda: "Iteration 10, Testing net" in log.read_text())
            running.send_signal(getattr(signal, name))
            if goes_on:
                assert waited(lambda: list(here.glob("*.solverstate")))
                assert running.poll() is None
                running.send_signal(signal.SIGTERM)
            assert running.wait(timeout=120) == 0
        finally:
            running.kill()
    said = log.read_text()
    assert "Optimization stopped early." in said
    assert "Traceback" not in said
    states = [load_solverstate(path).iter for path in here.glob("tiny_iter_*.solverstate")]
    assert len(states) == 1 + goes_on
    assert min(states) >= 10


def waited(for_, seconds=60):
    end = time.monotonic() + seconds
    while not for_() and time.monotonic() < end:
        time.sleep(0.02)
    return for_()


def test_a_warm_start_imports_no_compiler(project, here):
    """Where the code is cached, numba is not imported at all; the project's training has seen to that."""
    code = (
        "import sys; from protonet.cli import main; "
        f"code = main(['train', '-solver', {str(project / 'solver.prototxt')!r}, '-iterations', '12', '--quiet']); "
        "print(code, 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False"]
