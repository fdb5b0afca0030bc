"""The solver: when it tests, displays and saves, what it says, and which nets it makes."""

import logging
import math
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import protonet
from protonet.errors import ParseError, SolverError
from protonet.io import Weights, save_weights
from protonet.net import notes
from tests.net.tools import dummy, ip, layer
from tests.solvers.tools import LINEAR, NET, arrays, param, solver

LOSS = re.compile(r"Iteration (\d+)(?: \(\S+ iter/s, \S+s/\d+ iters\))?, loss = (\S+)")


@pytest.fixture(autouse=True)
def info(caplog, monkeypatch):
    caplog.set_level(logging.INFO, "protonet.solvers")
    monkeypatch.setattr(notes, "said", set())


def iterations(caplog, pattern):
    return [int(match[1]) for match in map(re.compile(pattern).match, caplog.messages) if match]


def losses(caplog):
    return {int(m[1]): float(m[2]) for m in map(LOSS.match, caplog.messages) if m}


@pytest.mark.parametrize("threads", [2, 3])
def test_a_training_run_gives_the_same_bits_on_any_number_of_threads(threads):
    runs = []
    for n in (1, threads):
        made = solver("momentum: 0.9 weight_decay: 0.01 clip_gradients: 1", NET, threads=n)
        made.step(5)
        runs.append(arrays(made))
    for key, array in runs[0].items():
        assert_array_equal(runs[1][key], array, err_msg=str(key))


# when


def test_a_run_tests_displays_and_saves_when_it_is_time(caplog, tmp_path):
    made = solver(
        f"test_iter: 2 test_interval: 2 display: 3 snapshot: 4 snapshot_prefix: '{(tmp_path / 'it').as_posix()}'", NET
    )
    made.solve()
    assert iterations(caplog, r"Iteration (\d+), Testing net \(#0\)") == [0, 2, 4, 6]
    assert list(losses(caplog)) == [0, 3, 6]
    assert iterations(caplog, r"Iteration (\d+), lr = 0.1$") == [0, 3]
    assert sorted(p.name for p in tmp_path.glob("*.caffemodel")) == ["it_iter_4.caffemodel", "it_iter_6.caffemodel"]
    assert caplog.messages[-1] == "Optimization Done."
    assert [m for m in caplog.messages if m.startswith("    Test net output #0: acc = ")]


def test_the_first_test_and_the_last_snapshot_may_be_left_out(caplog, tmp_path):
    made = solver(
        "test_iter: 1 test_interval: 4 test_initialization: false snapshot_after_train: false "
        f"snapshot_prefix: '{(tmp_path / 'it').as_posix()}'",
        NET,
    )
    made.solve()
    assert iterations(caplog, r"Iteration (\d+), Testing net") == [4]
    assert not list(tmp_path.iterdir())


def test_a_snapshot_that_was_just_taken_is_not_taken_again(caplog, tmp_path):
    solver(f"snapshot: 3 snapshot_prefix: '{(tmp_path / 'it').as_posix()}'", NET).solve()
    assert caplog.text.count("Snapshotting to binary proto file") == 2


def test_a_run_that_is_over_goes_no_further(tmp_path):
    made = solver(f"snapshot_prefix: '{(tmp_path / 'it').as_posix()}'", LINEAR)
    made.step(6)
    before = arrays(made)
    made.solve()
    assert made.iter == 6
    assert_array_equal(before["fc", 0], made.net.params["fc"][0].data)


# what it says


def test_the_displayed_loss_is_the_mean_of_the_last_ones(caplog):
    made, seen = solver("average_loss: 3 display: 1", NET), []
    made.after_step.append(lambda solver, loss: seen.append(loss))
    made.step(6)
    expected = {i: np.mean(seen[max(0, i - 2) : i + 1]) for i in range(6)}
    assert losses(caplog) == pytest.approx(expected, rel=1e-4)
    assert made.smoothed == pytest.approx(np.mean(seen[3:]))


def test_a_test_averages_its_batches_and_may_add_up_the_losses(caplog):
    made = solver("test_iter: 3 test_interval: 9 test_compute_loss: true", NET)
    means = made.test(0)
    assert set(means) == {"acc", "loss"}
    assert f"Test loss: {means['loss'][0]:g}" in caplog.messages
    assert f"    Test net output #1: loss = {means['loss'][0]:g} (* 1 = {means['loss'][0]:g} loss)" in caplog.messages


def test_every_number_of_an_output_has_a_line(caplog):
    net = LINEAR + layer("both", "Reduction", "data", "sums", "reduction_param { axis: 1 }")
    solver("display: 1", net).step(1)
    lines = [m for m in caplog.messages if "Train net output" in m]
    assert re.fullmatch(r"    Train net output #0: loss = (\S+) \(\* 1 = \1 loss\)", lines[0])
    assert lines[1:] == ["    Train net output #1: sums = 6", "    Train net output #2: sums = 6"]


def test_a_loss_that_is_no_number_is_told_once(caplog):
    made = solver("", LINEAR, base_lr=math.inf)
    made.step(3)
    made.step(3)
    assert math.isnan(made.smoothed)
    (line,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert re.match(r"Iteration \d: the loss is (nan|inf): is base_lr too high", line)


def test_debug_info_is_told_when_it_is_time_to_display(caplog):
    caplog.set_level(logging.INFO, "protonet.net.debug")
    made = solver("debug_info: true display: 2", LINEAR)
    made.step(4)
    assert sum("[Forward] Layer fc, top blob fc data: " in m for m in caplog.messages) == 2
    assert sum("[Backward] All net params (data, diff): L1 norm" in m for m in caplog.messages) == 2
    quiet = solver("debug_info: true display: 2", LINEAR)
    with caplog.at_level(logging.WARNING):
        quiet.step(4)
    assert_array_equal(arrays(quiet)["fc", 0], arrays(made)["fc", 0])


def test_debug_info_is_told_of_test_nets_in_every_pass(caplog):
    caplog.set_level(logging.INFO, "protonet.net.debug")
    made = solver("debug_info: true test_iter: 2 test_interval: 5", NET)
    made.test(0)
    assert sum("[Forward] Layer acc, top blob acc data: " in m for m in caplog.messages) == 2


def test_a_gpu_is_noted_once_and_only_where_it_is_asked_for(caplog):
    solver("", LINEAR)  # the schema's default is GPU
    assert not caplog.records
    for _ in range(2):
        solver("solver_mode: GPU device_id: 1", LINEAR)
    protonet.set_mode_gpu()
    assert [r.getMessage() for r in caplog.records] == ["the GPU was asked for: protonet runs on the CPU"]


# stopping


def test_a_callback_stops_a_run_after_its_iteration(caplog, tmp_path):
    made = solver(f"test_iter: 1 test_interval: 3 snapshot_prefix: '{(tmp_path / 'it').as_posix()}'", NET)
    made.after_step.append(lambda solver, loss: solver.iter == 2)
    made.solve()
    assert made.iter == 2
    assert caplog.messages[-1] == "Optimization stopped early."
    assert (tmp_path / "it_iter_2.caffemodel").exists()
    made.after_step.clear()
    assert made.step(2) is False
    assert made.iter == 4


def test_a_test_that_is_asked_to_stop_stops(caplog):
    made = solver("test_iter: 100 test_interval: 1", NET)
    forward = made.forward

    def interrupted(net):
        made.stop_asked = True
        return forward(net)

    made.forward = interrupted
    assert made.step(5) is True
    assert made.iter == 0
    assert caplog.messages[-1] == "Test interrupted."


def test_a_snapshot_that_is_asked_for_is_taken_and_the_run_goes_on(tmp_path):
    made = solver(f"snapshot_prefix: '{(tmp_path / 'it').as_posix()}' snapshot_after_train: false", LINEAR)
    made.after_step.append(lambda solver, loss: setattr(solver, "snapshot_asked", solver.iter == 2))
    made.solve()
    assert made.iter == 6
    assert [p.name for p in tmp_path.glob("*.solverstate")] == ["it_iter_2.solverstate"]


# nets


def test_test_nets_share_the_weights_and_have_states_of_their_own(tmp_path):
    net = NET + layer("extra", "Power", "fc", "extra", 'include { stage: "more" }')
    made = solver("test_iter: 1 test_iter: 1 test_interval: 2 test_state { } test_state { stage: 'more' }", net)
    assert ["extra" in test_net.layer_names for test_net in made.test_nets] == [False, True]
    made.step(1)
    for test_net in made.test_nets:
        assert test_net.params["fc"][0].data.ctypes.data == made.net.params["fc"][0].data.ctypes.data
        assert not test_net.trains


def test_nets_may_lie_in_files_of_their_own(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/train.prototxt").write_text(LINEAR)
    (tmp_path / "sub/test.prototxt").write_text(
        LINEAR.replace("dim: 2 dim: 3", "dim: 5 dim: 3").replace("shape { dim: 2 }", "shape { dim: 5 }")
    )
    (tmp_path / "sub/solver.prototxt").write_text(
        "train_net: 'train.prototxt' test_net: 'test.prototxt' test_iter: 1 test_interval: 1 "
        "base_lr: 1 lr_policy: 'fixed'"
    )
    monkeypatch.chdir(tmp_path)
    made = protonet.get_solver("sub/solver.prototxt")
    assert made.net.blobs["data"].shape == (2, 3)
    assert made.test_nets[0].blobs["data"].shape == (5, 3)
    made.step(1)


def test_a_test_net_fills_what_the_trained_net_lacks():
    made = solver(
        "test_iter: 1 test_interval: 5 test_state { stage: 'more' }",
        LINEAR + ip("other", "data", "other", rest='include { stage: "more" }'),
    )
    assert made.test_nets[0].params["other"][0].data.any()


def test_weights_of_the_prototxt_are_where_it_starts(tmp_path, caplog, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_weights("a.caffemodel", Weights({"fc": [np.full((2, 3), 5), np.zeros(2)]}))
    save_weights("b.caffemodel", Weights({"fc": [np.full((2, 3), 6), np.zeros(2)]}))
    save_weights("c.caffemodel", Weights({"nothing": [np.zeros(2)]}))
    assert (solver("weights: 'a.caffemodel'", LINEAR).net.params["fc"][0].data == 5).all()
    assert (solver("weights: 'a.caffemodel, b.caffemodel'", LINEAR).net.params["fc"][0].data == 6).all()
    assert (solver("weights: 'b.caffemodel' weights: 'a.caffemodel'", LINEAR).net.params["fc"][0].data == 5).all()
    assert "Finetuning from b.caffemodel" in caplog.messages
    caplog.clear()
    solver("weights: 'c.caffemodel'", LINEAR)
    assert "c.caffemodel holds weights for no layer of this net: layers are matched by name" in caplog.text


# compiling


def test_the_code_of_all_nets_and_the_update_is_asked_for_at_once(monkeypatch):
    from protonet.runtime import execute

    asked = []
    real = execute.prepare
    monkeypatch.setattr(
        execute, "prepare", lambda wanted, cores: asked.append({k.name for k, _ in wanted}) or real(wanted, cores)
    )
    made = solver("test_iter: 1 test_interval: 2 clip_gradients: 1", NET)
    made.step(3)
    assert {"update.sgd", "update.sum_squares", "accuracy.tally", "softmax.log_loss_grad"} <= asked[0]
    assert set().union(*asked[1:]) <= asked[0]


# refusals


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("iter_size: 0", "iter_size must be at least 1, found 0"),
        ("average_loss: 0", "average_loss must be at least 1, found 0"),
        ("display: -1", "display counts iterations: it cannot be negative"),
        ("lr_policy: 'stp'", "unknown lr_policy 'stp' .did you mean 'step'"),
    ],
)
def test_what_contradicts_itself_is_refused_before_a_net_is_built(text, message):
    wanted = param("", "layer { name: 'x' type: 'ReLU' bottom: 'gone' top: 'y' }")
    wanted.MergeFrom(protonet.prototxt.parse.loads(text, "SolverParameter").message)
    with pytest.raises(SolverError, match=message):
        protonet.get_solver(wanted)


def test_a_solver_file_is_refused_with_its_place(tmp_path):
    (tmp_path / "s.prototxt").write_text("base_lr: 0.1\nmax_itr: 5\n")
    with pytest.raises(ParseError, match=r"s.prototxt:2:1: unknown field 'max_itr' .*did you mean 'max_iter'"):
        protonet.get_solver(str(tmp_path / "s.prototxt"))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("type: 'AdaGrad'", "1:1: AdaGrad takes no momentum: remove it, found 0.9"),
        ("iter_size: 0", "2:1: iter_size must be at least 1"),
        ("lr_policy: 'step'", "2:1: lr_policy 'step' needs a stepsize above 0"),
        ("type: 'SGDD'", "2:1: unknown solver type 'SGDD'"),
        ("type: 'SGD' solver_type: ADAM", "2:13: found both type"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_place(line, why, tmp_path):
    path = tmp_path / "s.prototxt"
    path.write_text(f"momentum: 0.9\n{line}\n" + "lr_policy: 'fixed'\n" * ("lr_policy" not in line))
    with pytest.raises(SolverError, match=f"s.prototxt:{why}"):
        protonet.get_solver(str(path))


def test_a_rate_that_is_no_number_ends_the_run_with_its_place(tmp_path):
    text = "lr_policy: 'inv' gamma: -1 power: 1 base_lr: 0.1 max_iter: 3\n"
    (tmp_path / "s.prototxt").write_text(text + f"net_param {{ {LINEAR} }}")
    it = protonet.get_solver(str(tmp_path / "s.prototxt"))
    with pytest.raises(SolverError, match=r"s.prototxt:1:1: lr_policy 'inv' gives no learning rate at iteration 1"):
        it.solve()


def test_a_dummy_source_is_drawn_by_the_number_of_the_iteration():
    net = (
        dummy((4, 3), (4,), fillers=['type: "gaussian" std: 1', 'type: "constant" value: 1'])
        + LINEAR.partition("\n")[2].partition("\n")[2]
    )
    first, second = solver("", net), solver("", net)
    first.step(3)
    second.iter = 2
    second.step(1)
    assert_array_equal(first.net.blobs["data"].data, second.net.blobs["data"].data)


def test_two_trainings_in_two_threads_give_what_each_gives_alone():
    def train(seed):
        made = solver("momentum: 0.9", NET, threads=2, random_seed=seed)
        made.step(8)
        return arrays(made)

    alone = [train(seed) for seed in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(train, (1, 2)))
    for one, other in zip(alone, together, strict=True):
        for key, array in one.items():
            assert_array_equal(other[key], array, err_msg=str(key))
