"""Solvers under pycaffe's names."""

import numpy as np
import pytest

import protonet
from tests.solvers.tools import LINEAR, param


@pytest.fixture
def path(tmp_path):
    (tmp_path / "net.prototxt").write_text(LINEAR)
    (tmp_path / "solver.prototxt").write_text(
        'net: "net.prototxt" base_lr: 0.1 lr_policy: "step" gamma: 0.5 stepsize: 2 max_iter: 4 random_seed: 1\n'
        'test_iter: 1 test_interval: 10 momentum: 0.9 snapshot_prefix: "it"'
    )
    return tmp_path / "solver.prototxt"


def test_a_script_trains_as_with_pycaffe(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    solver = protonet.get_solver(str(path))
    assert isinstance(solver.net, protonet.Net)
    assert [type(net) for net in solver.test_nets] == [protonet.Net]
    assert solver.iter == 0
    solver.net.forward()
    before = float(solver.net.blobs["loss"].data)
    solver.step(3)
    assert solver.iter == 3
    assert solver.lr == pytest.approx(0.05)
    solver.test_nets[0].share_with(solver.net)
    assert float(solver.test_nets[0].forward()["loss"]) < before
    solver.snapshot()
    again = protonet.get_solver(str(path))
    again.restore("it_iter_3.solverstate")
    solver.solve()
    again.solve()
    assert solver.iter == again.iter == 4
    np.testing.assert_array_equal(solver.net.params["fc"][0].data, again.net.params["fc"][0].data)


@pytest.mark.parametrize(
    ("name", "histories"), [("SGD", 1), ("Nesterov", 1), ("AdaGrad", 1), ("RMSProp", 1), ("AdaDelta", 2), ("Adam", 2)]
)
def test_a_solver_class_is_its_own_type(name, histories):
    solver = getattr(protonet, f"{name}Solver")(param("type: 'Adam'", LINEAR))
    assert solver.param.type == name
    assert len(solver.update.history) == histories
    solver.step(1)


def test_callbacks_come_before_the_gradients_and_before_the_update():
    solver, seen = protonet.get_solver(param("", LINEAR)), []
    weight = solver.net.params["fc"][0]
    weights = [weight.data.copy()]

    def started():
        seen.append("start")
        assert not weight.diff.any()

    def ready():
        seen.append("gradients")
        assert weight.diff.any()
        np.testing.assert_array_equal(weight.data, weights[0])
        weight.diff[...] = 0  # they may be changed
        solver.net.params["fc"][1].diff[...] = 1

    solver.add_callback(started, ready)
    bias = solver.net.params["fc"][1].data.copy()
    solver.step(1)
    assert seen == ["start", "gradients"]
    np.testing.assert_array_equal(weight.data, weights[0])
    np.testing.assert_allclose(solver.net.params["fc"][1].data, bias - 0.1, rtol=1e-5)
