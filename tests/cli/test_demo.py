"""protonet demo: what it leaves, what it claims, and that the commands it prints work by hand there."""

import contextlib
import io
import json
import re
import shlex

import pytest

from protonet.cli import main
from protonet.demo import ITERATIONS, TRAINED
from protonet.io import load_weights
from tests.cli.conftest import restored


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """The folder of a demo, and what it printed."""
    folder, out = tmp_path_factory.mktemp("demo") / "digits", io.StringIO()
    with restored(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        assert main(["demo", "-o", str(folder)]) == 0
    return folder, out.getvalue()


@pytest.fixture
def result(left):
    return json.loads((left[0] / "result.json").read_text())


def test_it_leaves_what_a_project_has(left):
    folder, _ = left
    assert sorted(path.name for path in folder.iterdir()) == [
        "deploy.caffemodel", "deploy.prototxt", "digits", "predictions.png", "result.json",
        f"snapshot_iter_{ITERATIONS}.caffemodel", f"snapshot_iter_{ITERATIONS}.solverstate", "solver.prototxt",
        "test_lmdb", "train_lmdb", "train_val.prototxt",
    ]  # fmt: skip
    assert sorted(path.name for path in (folder / "digits").iterdir()) == [f"{i}.png" for i in range(10)]


def test_folding_keeps_the_accuracy_and_deleting_ruins_it(result):
    assert result["accuracy_test"] >= 0.97
    assert result["accuracy_deploy"] == result["accuracy_test"]
    assert result["accuracy_deleted"] < 0.5
    assert result["accuracy_deleted_with_scale"] < 0.5
    assert result["difference"] < 1e-5
    assert (result["images_train"], result["images_test"]) == (TRAINED, 360)
    assert result["layers_after"] < result["layers_before"]


def test_what_it_prints_is_what_it_found(left, result):
    _, out = left
    shares = [float(share) / 100 for share in re.findall(r"(\d+\.\d+)%", out)]
    names = "accuracy_test", "accuracy_deploy", "accuracy_deleted", "accuracy_deleted_with_scale"
    assert shares == pytest.approx([result[name] for name in names], abs=1e-4)
    assert "accuracy on 360 test digits" in out


def test_no_batch_norm_is_left(left):
    text = (left[0] / "deploy.prototxt").read_text()
    assert "BatchNorm" not in text
    assert '"Scale"' not in text
    assert text.count("Convolution") == 4
    assert not set(load_weights(left[0] / "deploy.caffemodel")) & {"bn1", "scale1"}


def test_the_commands_it_prints_work_there(left, result, command, monkeypatch):
    folder, out = left
    monkeypatch.chdir(folder)
    shown = out.partition("By hand, the same:")[2]
    commands = [shlex.split(line)[1:] for line in shown.splitlines() if line.strip().startswith("protonet ")]
    assert [words[0] for words in commands] == ["train", "test", "deploy", "run"]
    before = load_weights(f"snapshot_iter_{ITERATIONS}.caffemodel")
    for words in commands:
        done = command(*words)
        assert done.code == 0, (words, done.err)
        if words[0] == "test":
            accuracy = next(float(m.split(" = ")[1]) for m in done.messages if m.startswith("accuracy = "))
            assert accuracy == pytest.approx(result["accuracy_test"], abs=1e-5)
    assert done.out.splitlines()[0] == "digits/0.png"
    assert done.out.splitlines()[1].split()[1] == "0"
    after = load_weights(f"snapshot_iter_{ITERATIONS}.caffemodel")
    assert all((a == b).all() for name in before for a, b in zip(before[name], after[name], strict=True))


def test_the_commands_on_the_way_are_those_that_work_by_hand(left):
    on_the_way = re.findall(r"^\$ protonet (.*)$", left[1], re.MULTILINE)
    assert [line.split()[0] for line in on_the_way] == ["train", "deploy", "run"]


def test_a_demo_may_be_run_again_in_its_folder(left, command):
    assert command("demo", "-o", left[0]).code == 0
