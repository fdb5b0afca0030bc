"""A warm start: what `protonet run` does not import, whether it is given a prototxt or a program."""

import subprocess
import sys

import numpy as np

import protonet

CODE = """
import sys
from protonet.cli import main
assert main(sys.argv[1:]) == 0
heavy = {"numba", "cv2", "h5py", "lmdb", "rich", "lark", "importlib.metadata"}
print("imported:", *sorted(heavy & set(sys.modules)))
"""


def imported(*words):
    command = [sys.executable, "-c", CODE, *map(str, words)]
    return set(subprocess.check_output(command, text=True).splitlines()[-1].split()[1:])


def test_a_prototxt_needs_the_parser_and_nothing_else_that_is_heavy(command, project, here):
    shape = next(iter(protonet.load(*files(project)).inputs.values()))
    np.save(here / "x.npy", np.zeros(shape, np.float32))
    words = "run", *files(project), here / "x.npy"
    assert command(*words).code == 0  # all that is missing compiles now
    assert imported(*words) <= {"lark"}


def test_a_program_needs_no_parser(command, project, here):
    assert command("compile", *files(project), "-o", here / "net.program").code == 0
    shape = next(iter(protonet.load(here / "net.program").inputs.values()))
    np.save(here / "x.npy", np.zeros(shape, np.float32))
    words = "run", here / "net.program", here / "x.npy"
    assert command(*words).code == 0
    assert imported(*words) == set()


def files(project):
    return str(project / "deploy.prototxt"), str(project / "deploy.caffemodel")
