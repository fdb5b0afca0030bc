"""protonet check: every file's errors with their places, exit codes, solvers, data that lie elsewhere."""

import json
import re

import pytest

from tests.conftest import GOLDEN, files, needs

ERRORS = GOLDEN / "errors"
ACCEPTED = "batchnorm_lr_nonzero", "pool_stochastic_cpu"


@needs(ERRORS)
def test_every_recorded_error_has_a_place_and_what_is_right_is_ok(command):
    paths = files(ERRORS, "*.prototxt")
    done = command("check", *paths)
    assert done.code == 1
    for path in paths:
        mine = [line for line in done.out.splitlines() if line.startswith(str(path))]
        if path.stem.startswith("ok_") or path.stem in ACCEPTED:
            assert mine == [f"{path}: ok"]
        else:
            assert re.match(r":\d+:\d+: \S|: expected ", mine[0].removeprefix(str(path))), mine
    assert set(json.loads((ERRORS / "errors.json").read_text())) == {path.stem for path in paths}


def test_all_errors_of_a_file_come_at_once(command, here):
    (here / "net.prototxt").write_text(
        'layer { name: "a" typ: "ReLU" bottom: "x" top: "y" }\n'
        'layer { name: "b" type: "Pooling" bottom: "x" top: "z" pooling_param { pool: MEDIAN kernel: 3 } }\n'
        'layer { name: "c" type: "ReLU" bottom: 5 top: "w" }\n'
    )
    done = command("check", "net.prototxt")
    assert done.code == 1
    for place in "1:19: unknown field 'typ'", "2:78: pool: 'MEDIAN'", "2:85: unknown field 'kernel'", "3:40: bottom":
        assert f"net.prototxt:{place}" in done.out, place
    assert "^" in done.out
    (here / "shapes.prototxt").write_text(
        'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }\n'
        'layer { name: "a" type: "Relu" bottom: "x" top: "y" }\n'
        'layer { name: "b" type: "Pooling" bottom: "x" top: "z" pooling_param { kernel_size: 3 } }\n'
    )
    out = command("check", "shapes.prototxt").out
    assert "shapes.prototxt:2:1: layer 'a': unknown layer type 'Relu' (did you mean 'ReLU'?) [TRAIN and TEST]" in out
    assert "shapes.prototxt:3:1: layer 'b': expected a bottom of 4 axes" in out


def test_each_phase_has_its_errors(command, here):
    (here / "net.prototxt").write_text(
        'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }\n'
        'layer { name: "a" type: "ReLU" bottom: "y" top: "z" include { phase: TEST } }\n'
    )
    assert "made by no layer before it [TEST]" in command("check", "net.prototxt").out
    assert command("check", "net.prototxt", "--phase", "TRAIN").code == 0


def test_right_files_are_ok(command, project, here):
    paths = [project / name for name in ("train_val.prototxt", "solver.prototxt", "deploy.prototxt")]
    done = command("check", *paths)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [f"{path}: ok" for path in paths]


def test_data_that_lie_elsewhere_are_told_and_are_no_error(command, project, here):
    (here / "net.prototxt").write_text((project / "train_val.prototxt").read_text())
    done = command("check", "net.prototxt")
    assert (done.code, done.out) == (0, "net.prototxt: ok\n")
    assert "train_lmdb" in done.err
    assert "[TRAIN: data were not looked at]" in done.err
    assert "[TEST: data were not looked at]" in done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("net: 'gone.prototxt' base_lr: 0.1 lr_policy: 'fixed'", "gone.prototxt: cannot be read"),
        ("base_lr: 0.1 lr_policy: 'fixed'", "s.prototxt: expected one net to train, found 0"),
        ("net: 'net.prototxt' base_lr: 0.1 lr_policy: 'setp'", "s.prototxt:1:34: unknown lr_policy 'setp'"),
        ("net: 'net.prototxt' base_lr: 0.1 lr_policy: 'fixed' test_iter: 3", "expected a test_interval above 0"),
        ("net: 'net.prototxt' base_lr: 0.1 lr_policy: 'fixed' max_itr: 3", "s.prototxt:1:53: unknown field 'max_itr'"),
    ],
)
def test_solvers_are_checked_as_such(text, message, command, here):
    (here / "net.prototxt").write_text("name: 'empty'")
    (here / "s.prototxt").write_text(text)
    done = command("check", "s.prototxt")
    assert done.code == 1
    assert message in done.out


def test_files_that_cannot_be_read_are_told_with_the_others(command, project, here):
    (here / "binary.prototxt").write_bytes(bytes(range(256)))
    done = command("check", "gone.prototxt", "binary.prototxt", project / "solver.prototxt")
    assert done.code == 1
    assert "gone.prototxt: cannot be read: No such file or directory" in done.out
    assert "binary.prototxt:1:1: " in done.out
    assert done.out.splitlines()[-1] == f"{project / 'solver.prototxt'}: ok"


def test_unknown_fields_may_be_warnings_and_the_net_left_unbuilt(command, here):
    (here / "net.prototxt").write_text('layer { name: "a" type: "ReLU" bottom: "gone" top: "y" colour: 3 }')
    assert command("check", "net.prototxt", "--parse-only").code == 1
    done = command("check", "net.prototxt", "--parse-only", "--ignore-unknown")
    assert done.code == 0
    assert "unknown field 'colour'" in done.err
    assert command("check", "net.prototxt", "--ignore-unknown").code == 1
