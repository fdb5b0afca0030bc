"""Commands run in this process; what they leave of settings is taken back, and a small trained project is there."""

import contextlib
import logging
import os
import signal
from pathlib import Path

import numpy as np
import pytest

import protonet
from protonet.cli import COMPILING, main
from protonet.data import convert
from protonet.layers import python
from protonet.net import notes

CLASSES = 3
NET = """name: "tiny"
layer { name: "db" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { scale: 0.01 mean_value: 100 } data_param { source: "train_lmdb" batch_size: 10 backend: LMDB } }
layer { name: "db" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { scale: 0.01 mean_value: 100 } data_param { source: "test_lmdb" batch_size: 5 backend: LMDB } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {
  num_output: 6 kernel_size: 3 stride: 2 bias_term: false weight_filler { type: "msra" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" batch_norm_param { moving_average_fraction: 0.8 } }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param {
  num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "label" top: "acc" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
SOLVER = """net: "train_val.prototxt" test_iter: 3 test_interval: 10 base_lr: 0.05 momentum: 0.9 lr_policy: "fixed"
display: 5 max_iter: 20 snapshot: 10 snapshot_prefix: "tiny" random_seed: 3
"""


@contextlib.contextmanager
def restored():
    """What a command sets for its process, set back."""
    log, others = logging.getLogger("protonet"), [logging.getLogger(name) for name in ("protonet.solvers", COMPILING)]
    before = log.level, log.propagate, list(log.handlers), [other.level for other in others], python.ALLOWED[0]
    signals = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)) if s}
    environment = dict(os.environ)
    try:
        yield
    finally:
        level, log.propagate, log.handlers[:], levels, python.ALLOWED[0] = before
        log.setLevel(level)
        for other, old in zip(others, levels, strict=True):
            other.setLevel(old)
        for number, handler in signals.items():
            signal.signal(number, handler)
        for name in set(os.environ) - set(environment):
            del os.environ[name]
        os.environ.update(environment)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setattr(notes, "said", set())
    with restored():
        yield


class Done:
    """A command that was run: its exit code and what it wrote, but for the line that says it compiles."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def messages(self):
        """The log lines without glog's prefix."""
        return [line.partition("] ")[2] for line in self.err.splitlines() if "] " in line]


@pytest.fixture
def command(capsys):
    """command("train", "-solver", path) -> Done."""

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Done(code, out, "".join(line for line in err.splitlines(True) if "] compiling " not in line))

    return run


def pictures(n, seed):
    """(n, 3, 8, 7) images of three classes, each a stripe of its own, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % CLASSES
    images = rng.integers(0, 120, (n, 3, 8, 7), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[label, :, 2 * label : 2 * label + 3] += 120
    return images, labels


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A folder with databases, prototxts, and a snapshot of a training of 20 iterations.  Not to be written to."""
    folder = tmp_path_factory.mktemp("project")
    for name, n, seed in ("train_lmdb", 60, 1), ("test_lmdb", 15, 2):
        convert.write(folder / name, *pictures(n, seed))
    (folder / "train_val.prototxt").write_text(NET)
    (folder / "solver.prototxt").write_text(SOLVER)
    with inside(folder):
        solver = protonet.get_solver("solver.prototxt")
        solver.solve()
        protonet.deploy("train_val.prototxt", "tiny_iter_20.caffemodel").save("deploy")
    return folder


@contextlib.contextmanager
def inside(folder):
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
