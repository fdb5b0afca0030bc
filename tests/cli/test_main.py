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


def test_what_the_system_refuses_is_one_line(command, here):
    (here / "file").write_text("")
    done = command("convert", here, "-o", here / "file" / "db")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("protonet: ")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            OSError(28, "No space left on device", "x.caffemodel"),
            1,
            "protonet: x.caffemodel: No space left on device\n",
        ),
        (MemoryError("5 GiB"), 1, "protonet: not enough memory: 5 GiB\n"),
        (KeyboardInterrupt(), 130, "protonet: interrupted\n"),
    ],
)
def test_whatever_ends_a_command_is_told_in_a_line(error, code, said, command, monkeypatch):
    def fail(args):
        raise error

    monkeypatch.setattr("protonet.cli.mean.run", fail)
    done = command("mean", "db")
    assert (done.code, done.err) == (code, said)


def test_a_reader_that_goes_away_is_no_error(project):
    """As `| head -1` does."""
    words = [sys.executable, "-m", "protonet", "show", project / "train_val.prototxt", "--text"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()


def test_threads_are_those_of_the_command(command, project, here):
    import os

    assert command("time", project / "deploy.prototxt", "-iterations", 1, "--threads", 3, "--logtostderr").code == 0
    assert os.environ["PROTONET_NUM_THREADS"] == "3"


def test_python_layers_are_built_only_on_request(command, here):
    (here / "mine.py").write_text(
        "import protonet\n\n\nclass Twice(protonet.Layer):\n"
        "    def setup(self, bottom, top):\n        pass\n\n"
        "    def reshape(self, bottom, top):\n        top[0].reshape(*bottom[0].shape)\n\n"
        "    def forward(self, bottom, top):\n        top[0].data[...] = 2 * bottom[0].data\n"
    )
    (here / "net.prototxt").write_text(
        'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 } } }\n'
        'layer { name: "twice" type: "Python" bottom: "x" top: "y" python_param { module: "mine" layer: "Twice" } }\n'
    )
    refused = command("show", "net.prototxt")
    assert refused.code == 1
    assert "--python-layers" in refused.err
    sys.path.insert(0, str(here))
    try:
        assert command("show", "net.prototxt", "--python-layers").code == 0
    finally:
        sys.path.remove(str(here))
        sys.modules.pop("mine", None)
