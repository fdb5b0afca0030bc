"""Our logs beside Caffe's own, of the same runs: the same lines in the same words, the same numbers, the same order."""

import re
from datetime import datetime, timedelta

import pytest

from tests.cli import logs
from tests.conftest import GOLDEN, needs

LOGS = GOLDEN / "logs"
pytestmark = needs(LOGS)

# what Caffe says while it builds nets is not in the same order (test_describe has it); when it begins data anew, and
# how fast it was, are not for comparing
OTHER = re.compile(
    r"Creating|Setting up|Top shape|Memory req|\S+ (->|<-) \S+|    with loss|The NetState|Opened|output data|"
    r"Restarting|\S+ (needs|does not need) backward|Finetuning|.*layers copied|Initializing|This network|"
    r"Network init|compiling"
)
SPEED = re.compile(r"\(\S+ iter/s, \S+s/")


def kept(text):
    return [SPEED.sub("(", message) for _, message in logs.messages(text) if not OTHER.match(message)]


def words(message):
    """The line without its numbers' last digits."""
    return re.sub(r"\d+\.\d+(e-?\d+)?", "X", message)


RUNS = {
    "train_resume": ["train", "-solver", LOGS / "solver.prototxt", "-snapshot", LOGS / "lenet_iter_20.solverstate"],
    "train_finetune": [
        "train",
        "-solver",
        LOGS / "solver_adam.prototxt",
        "-weights",
        LOGS / "lenet_iter_40.caffemodel",
    ],
    "test": [
        "test",
        "-model",
        LOGS / "lenet.prototxt",
        "-weights",
        LOGS / "lenet_iter_40.caffemodel",
        "-iterations",
        5,
    ],
}


@pytest.fixture
def both(request, command, here):
    """(ours, Caffe's) of one run."""
    done = command(*RUNS[request.param])
    assert done.code == 0
    return done.err, (LOGS / f"{request.param}.log").read_text()


@pytest.mark.parametrize("both", RUNS, indirect=True)
def test_the_lines_are_caffes(both):
    ours, caffes = map(kept, both)
    ours = [line.replace(f"{LOGS}/", "") for line in ours]
    assert [words(line) for line in ours] == [words(line) for line in caffes]


@pytest.mark.parametrize("both", RUNS, indirect=True)
def test_the_numbers_are_caffes(both):
    ours, caffes = ([[float(x) for x in re.findall(r"\d+\.\d+(?:e-?\d+)?", line)] for line in kept(t)] for t in both)
    for line, (a, b) in zip(kept(both[1]), zip(ours, caffes, strict=True), strict=True):
        assert a == pytest.approx(b, rel=1e-3, abs=1e-6), line


@pytest.mark.parametrize("both", ["train_resume", "train_finetune"], indirect=True)
def test_parsers_that_people_have_find_the_same_in_both(both):
    ours, caffes = map(logs.parsed, both)
    for kind in "Train", "Test":
        assert [row[0] for row in ours[kind]] == [row[0] for row in caffes[kind]] != []
        for (i, rate, mine), (_, their_rate, theirs) in zip(ours[kind], caffes[kind], strict=True):
            assert mine == pytest.approx(theirs, rel=1e-3), (kind, i)
            assert rate == pytest.approx(their_rate, nan_ok=True)


def test_the_time_is_where_scripts_look_for_it(command, here):
    before = datetime.now()
    done = command("train", "-solver", LOGS / "solver.prototxt", "-iterations", 1)
    at = logs.started(done.err, before.year)
    assert before - timedelta(seconds=1) <= at <= datetime.now()
    assert {severity for severity, _ in logs.messages(done.err)} == {"I"}


def test_debug_info_has_caffes_lines(command, here):
    done = command("train", "-solver", LOGS / "solver_debug.prototxt")
    pattern = re.compile(r"    \[(?:Forward|Backward)\].*")
    found = [
        [m for _, m in logs.messages(t) if pattern.match(m)] for t in (done.err, (LOGS / "train_debug.log").read_text())
    ]
    assert [number_free(m) for m in found[0]] == [number_free(m) for m in found[1]] != []
    assert found[0][0] == found[1][0]  # of the data, which are the same


def number_free(message):
    return re.sub(r"(?<=[ (])[\d.e-]+(?=[,);]|$)", "X", message)


@pytest.mark.parametrize(("name", "phase"), [("time", "TRAIN"), ("time_test_phase", "TEST")])
def test_time_has_caffes_lines(name, phase, command, here):
    done = command("time", "-model", LOGS / "lenet.prototxt", "-iterations", 5, "-phase", phase)
    assert done.code == 0
    ours, caffes = (
        [re.sub(r"[\d.e-]+(?= ms)|(?<=loss: ).*", "X", m) for _, m in logs.messages(t) if not OTHER.match(m)]
        for t in (done.err, (LOGS / f"{name}.log").read_text())
    )
    assert ours == caffes
    assert "loss" in done.out


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["train"], 2, "--solver"),
        (["train", "-solver", "nope.prototxt"], 1, "nope.prototxt: cannot be read"),
        (["train", "-solver", LOGS / "solver.prototxt", "-snapshot", "a", "-weights", "b"], 1, "give one of them"),
        (["test", "-model", LOGS / "lenet.prototxt"], 1, "give the trained weights"),
        (["frobnicate"], 2, "frobnicate"),
        ([], 2, "verb"),
    ],
)
def test_what_caffe_dies_of_is_an_error_in_one_line(words, code, part, command, capsys, here):
    try:
        done = command(*words)
        found, err = done.code, done.err
    except SystemExit as ended:
        found, err = ended.code, capsys.readouterr().err
    assert found == code
    assert part in err.splitlines()[-1]
