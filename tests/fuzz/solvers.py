"""Solver prototxts, real ones and others, around a tiny net: two steps, a snapshot, and back to it."""

import shutil

from hypothesis import strategies as st

from protonet.proto import caffe_pb2
from protonet.prototxt import parse, write
from protonet.solvers.solver import Solver
from tests.conftest import CORPUS, files
from tests.fuzz import draw
from tests.solvers.tools import LINEAR, NET

SOLVER = """
net: "n.prototxt" test_iter: 2 test_interval: 2 base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 lr_policy: "inv"
gamma: 0.0001 power: 0.75 display: 1 max_iter: 4 snapshot: 2 snapshot_prefix: "s" solver_mode: CPU type: "SGD"
"""
KINDS = ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"]
POLICIES = ["fixed", "step", "exp", "inv", "multistep", "poly", "sigmoid"]
NETS = ("net", "train_net", "test_net", "net_param", "train_net_param", "test_net_param", "weights", "snapshot_prefix",
        "train_state", "test_state")  # fmt: skip
LONG = {"iter_size": 3, "test_iter": 3, "average_loss": 1000}  # numbers that only take long


@st.composite
def messages(draw_):
    """A SolverParameter, varied."""
    made = parse.loads(SOLVER, "SolverParameter").message
    made.type, made.lr_policy = draw_(st.sampled_from(KINDS)), draw_(st.sampled_from(POLICIES))
    draw.vary(draw_, made, 1, without=NETS, most=6)
    return write.dumps(made)


def target(folder):
    real = [p for p in files(CORPUS, "*solver*.prototxt") if p.stat().st_size < 3000][::7] if CORPUS.exists() else []
    bases = [SOLVER, *(p.read_text("utf-8", "replace") for p in real)]
    tiny = [parse.loads(text).message for text in (NET, LINEAR)]

    def attempt(data):
        text, which, hdf5 = data
        (folder / "case").write_bytes(f"# {which} {hdf5}\n{text}".encode("utf-8", "surrogatepass"))
        param = parse.load(folder / "case", "SolverParameter").message
        for name in NETS:
            param.ClearField(name)
        for name, most in LONG.items():
            if name == "test_iter":
                param.test_iter[:] = [min(n, most) for n in param.test_iter]
            elif getattr(param, name) > most:
                setattr(param, name, most)
        param.net_param.CopyFrom(tiny[which])
        shutil.rmtree(folder / "snapshots", ignore_errors=True)
        param.snapshot_prefix = str(folder / "snapshots" / "s")
        if hdf5:
            param.snapshot_format = caffe_pb2.SolverParameter.HDF5
        solver = Solver(param, threads=1)
        solver.step(2)
        _, state = solver.snapshot()
        again = Solver(param, threads=1)
        again.restore(state)
        assert again.iter == solver.iter
        again.step(1)

    texts = messages() | draw.texts(bases) | st.sampled_from(bases) | messages()
    return st.tuples(texts, st.sampled_from([0, 1, 1]), st.booleans()), attempt
