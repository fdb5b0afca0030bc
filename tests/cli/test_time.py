"""protonet time: Caffe's lines (their format: test_golden_logs.py), the table, layers whose tops depend on values."""

import re

import pytest

from tests.net.tools import data, ip, layer


def averages(done):
    """{layer: {"forward": ms, "backward": ms}} of Caffe's lines."""
    found = {}
    for message in done.messages:
        if match := re.match(r" *(\S+)\t(forward|backward): (\S+) ms\.$", message):
            found.setdefault(match[1], {})[match[2]] = float(match[3])
    return found


def test_every_layer_is_measured_both_ways(command, project):
    done = command("time", project / "train_val.prototxt", "--iterations", 3)
    assert done.code == 0
    found = averages(done)
    assert list(found) == ["db", "conv", "bn", "scale", "relu", "fc", "loss"]
    assert all(set(ms) == {"forward", "backward"} for ms in found.values())
    assert found["conv"]["forward"] > 0
    assert found["conv"]["backward"] > 0
    assert found["db"]["backward"] == 0
    assert sum("forward-backward time" in m for m in done.messages) == 3
    forward = next(m for m in done.messages if m.startswith("Average Forward pass"))
    assert float(forward.split()[-2]) == pytest.approx(sum(ms["forward"] for ms in found.values()), rel=0.05)


def test_the_table_names_layers_and_types_in_full(command, project):
    out = command("time", project / "train_val.prototxt", "--iterations", 1).out
    assert "SoftmaxWithLoss" in out
    assert "10x6x3x3" in out
    shares = [float(share) for share in re.findall(r"(\d+\.\d)%", out)]
    assert sum(shares) == pytest.approx(100, abs=1)
    assert command("time", project / "train_val.prototxt", "--iterations", 1, "--no-table").out == ""


def test_only_forward_is_measured_where_asked_or_there_is_no_other(command, project):
    for words in [project / "deploy.prototxt"], [project / "train_val.prototxt", "--forward-only"]:
        done = command("time", *words, "-iterations", 1)
        assert done.code == 0
        assert all(set(ms) == {"forward"} for ms in averages(done).values())
        assert not any("Backward" in m for m in done.messages)


def test_weights_may_be_loaded(command, project, here):
    done = command("time", project / "deploy.prototxt", "-weights", project / "deploy.caffemodel", "-iterations", 1)
    assert done.code == 0
    assert command("time", project / "deploy.prototxt", "-weights", "gone.caffemodel").code == 1


def test_layers_whose_tops_depend_on_values_are_measured_too(command, here):
    (here / "net.prototxt").write_text(
        'name: "filtering" force_backward: true\n' + data(4, 3) + data(4, top="keep") + ip("a", "data", "a", 2)
        + layer("some", "Filter", "a keep", "some") + ip("b", "some", "b", 2)
    )  # fmt: skip
    done = command("time", "net.prototxt", "-iterations", 2, "-phase", "TEST")
    assert done.code == 0
    assert averages(done)["some"]["forward"] > 0
    assert averages(done)["b"]["backward"] > 0


def test_a_training_step_is_measured_as_it_is_run(command, project):
    done = command("time", project / "train_val.prototxt", "--engine", "--iterations", 2)
    assert done.code == 0
    found = averages(done)
    assert found["conv"]["forward"] > 0
    assert found["conv"]["backward"] > 0
    assert found["loss"]["forward"] > 0
    assert any(m.startswith("Average Forward-Backward") for m in done.messages)


def test_a_program_is_measured_from_a_prototxt_or_its_file(command, project, here):
    done = command("time", project / "deploy.prototxt", "--engine", "--batch", 3, "--iterations", 2)
    assert done.code == 0
    assert averages(done)["conv"]["forward"] > 0
    assert "3x6x" in done.out
    assert "largest live set" in done.out
    assert "GFLOP/s at most" in done.out
    assert command("compile", project / "deploy.prototxt", project / "deploy.caffemodel", "-o", "net.program").code == 0
    again = command("time", "net.program", "--iterations", 2)
    assert again.code == 0
    assert set(averages(again)) == set(averages(done))


def test_a_net_that_cannot_train_on_a_packed_plan_says_so(command, here):
    (here / "net.prototxt").write_text(
        'force_backward: true\n' + data(4, 3) + data(4, top="keep") + ip("a", "data", "a", 2)
        + layer("some", "Filter", "a keep", "some") + ip("b", "some", "b", 2)
    )  # fmt: skip
    done = command("time", "net.prototxt", "--engine", "--phase", "TRAIN", "--iterations", 1)
    assert done.code == 1
    assert "leave out --engine" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give the net: protonet time NET, or -model NET"),
        (["{net}", "-iterations", "0"], "--iterations must be at least 1, found 0"),
        (["gone.prototxt"], "gone.prototxt: cannot be read"),
    ],
)
def test_what_is_missing_is_said(words, message, command, project, here):
    done = command("time", *(word.format(net=project / "train_val.prototxt") for word in words))
    assert done.code == 1
    assert message in done.err.splitlines()[-1]
