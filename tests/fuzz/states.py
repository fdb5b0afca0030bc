"""Snapshots with damage: a solver takes them up, or says why not."""

from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from protonet.solvers.solver import Solver
from tests.fuzz import draw
from tests.fuzz.odd import hdf5_files
from tests.solvers.tools import LINEAR, param


def target(folder):
    bases = {}
    for kind in "SGD", "Adam":
        for form in 0, 1:
            made = param(net=LINEAR, type=kind, snapshot_prefix=str(folder / f"{kind}{form}"), snapshot_format=form)
            solver = Solver(made, threads=1)
            solver.step(1)
            for path in solver.snapshot():
                bases[path] = Path(path).read_bytes()
    names = sorted(bases)
    solvers = {kind: Solver(param(net=LINEAR, type=kind), threads=1) for kind in ("SGD", "Adam")}
    trees = {
        "iter": 1, "current_step": 0, "learned_net": b"nowhere", "history/0": np.ones((2, 3), np.float32),
        "history/1": np.ones(2, np.float32), "data/fc/0": np.ones((2, 3), np.float32), "data/fc/1": np.ones(2),
    }  # fmt: skip

    @st.composite
    def cases(draw_):
        name = draw_(st.sampled_from(names))
        if name.endswith(".h5") and draw_(st.booleans()):
            return name, draw_(hdf5_files(trees)), draw_(st.sampled_from(["SGD", "Adam"]))
        return name, draw.damaged(draw_, bases[name]), draw_(st.sampled_from(["SGD", "Adam"]))

    def attempt(case):
        name, content, kind = case
        if callable(content):
            content = content(folder)
        (folder / "case").write_text(f"{name} {kind}\n{content.hex()}")
        Path(name).write_bytes(content)
        try:
            solver = solvers[kind]
            if ".solverstate" in name:
                solver.restore(name)
            else:
                solver.restore(name.replace("caffemodel", "solverstate"))
            solver.iter %= 1000
            solver.step(1)
        finally:
            Path(name).write_bytes(bases[name])

    return cases(), attempt
