"""The command line: help, Caffe's spellings, one line for an error."""

import subprocess
import sys
import time

import pytest

from protonet.cli import VERBS, main, parser


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "protonet", *arguments], capture_output=True, text=True)


def test_help_names_every_verb():
    done = run("--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert verb in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "--threads" in text
    if verb not in ("warm",):
        assert f"protonet {verb}" in text


@pytest.mark.parametrize(
    "spelled", [["-solver", "a.prototxt"], ["--solver", "a.prototxt"], ["-solver=a.prototxt"], ["--solver=a.prototxt"]]
)
def test_options_may_be_spelled_as_gflags_takes_them(spelled):
    args = ["train", *spelled, "-gpu=all", "-sighup_effect", "none"]
    parsed = parser(args).parse_args(args)
    assert (parsed.solver, parsed.gpu, parsed.sighup_effect) == ("a.prototxt", "all", "none")


def test_an_error_is_one_line_and_exit_code_1():
    done = run("train", "-solver", "nope.prototxt")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "protonet: nope.prototxt: cannot be read: No such file or directory"
    assert "Traceback" not in done.stderr


def test_an_unknown_verb_is_named():
    done = run("trian")
    assert done.returncode == 2
    assert "trian" in done.stderr


def test_help_and_import_are_quick():
    """Generous bounds: a busy machine may be several times slower than the 0.3 s and 0.25 s that are the rule."""
    for arguments in ["-m", "protonet", "--help"], ["-c", "import protonet"]:
        best = min(timed(arguments) for _ in range(3))
        assert best < 1.5


def timed(arguments):
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def test_importing_the_package_imports_nothing_heavy():
    code = "import protonet, sys; print(sorted({'numba', 'numpy', 'cv2', 'h5py', 'lark', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_both_weights_and_snapshot_are_refused():
    done = run("train", "-solver", "s.prototxt", "-weights", "a", "-snapshot", "b")
    assert done.returncode == 1
    assert "give one of them" in done.stderr
