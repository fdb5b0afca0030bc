"""protonet deploy: the files, what it tells, its refusals.  (What deploy does: tests/test_deploy.py.)"""

import numpy as np
import pytest

import protonet
from protonet import passes
from protonet.io import load_weights
from protonet.prototxt import parse
from tests.net.tools import data, ip


@pytest.fixture
def net(project):
    return project / "train_val.prototxt", project / "tiny_iter_20.caffemodel"


def test_the_pair_is_written_and_told(command, net, here):
    done = command("deploy", *net, "-o", "out/served")
    assert done.code == 0
    *_, one, two = done.out.splitlines()
    assert one.endswith("served.prototxt")
    assert two.endswith("served.caffemodel")
    assert "BatchNorm bn + Scale scale: folded into Convolution conv" in done.out
    assert "1 folded; 5 layers are left, 333 weights" in done.out
    assert "proof: 2 blobs compared on a batch of the data, random x" in done.out
    assert "largest difference" in done.out
    served = parse.load("out/served.prototxt").message
    assert [each.type for each in served.layer] == ["Input", "Convolution", "ReLU", "InnerProduct", "Softmax"]
    assert list(served.layer[0].input_param.shape[0].dim) == [1, 3, 8, 7]
    assert load_weights("out/served.caffemodel")["conv"][1].shape == (6,)


def test_what_was_done_in_full_is_told_on_request(command, net, here):
    said = command("deploy", *net, "-o", "served", "-v").out
    assert "Accuracy acc: is for training or testing only and is dropped" in said


def test_an_ending_given_with_the_name_is_not_doubled(command, net, here):
    assert command("deploy", *net, "-o", "served.prototxt").code == 0
    assert sorted(p.name for p in here.iterdir()) == ["served.caffemodel", "served.prototxt"]


def test_batch_shape_and_end_may_be_chosen(command, net, here):
    done = command("deploy", *net, "-o", "served", "--batch", 4, "--keep", "conv,fc")
    assert done.code == 0
    served = protonet.Net("served.prototxt", "served.caffemodel", protonet.TEST)
    assert served.blobs["data"].shape == (4, 3, 8, 7)
    assert served.outputs == ["fc"]
    assert command("deploy", *net, "-o", "served", "--input", "data=2,3,8,7").code == 0
    assert protonet.Net("served.prototxt", protonet.TEST).blobs["data"].shape == (2, 3, 8, 7)


def test_a_pass_may_be_left_out(command, net, here):
    assert command("deploy", *net, "-o", "served", "--skip", "ToAffine").code == 0
    assert "BatchNorm" in (here / "served.prototxt").read_text()


def test_samples_take_part_in_the_proof(command, net, here):
    np.savez("samples.npz", data=np.random.default_rng(1).normal(size=(3, 3, 8, 7)).astype("f4"))
    done = command("deploy", *net, "-o", "served", "--samples", "samples.npz")
    assert "on the given samples, a batch of the data, random x" in done.out


def test_above_the_tolerance_nothing_is_written(command, net, here, monkeypatch):
    class Spoil(passes.Pass):
        def run(self, graph, journal=None):
            node = next(node for node in graph.nodes if node.type == "InnerProduct")
            node.blobs[0] = node.blobs[0] + np.float32(0.1)
            return 1

    monkeypatch.setattr(passes, "DEPLOY", (*passes.DEPLOY, Spoil))
    done = command("deploy", *net, "-o", "served")
    assert done.code == 1
    assert "'fc' differs by" in done.err
    assert "nothing was written" in done.err
    assert not list(here.iterdir())
    assert command("deploy", *net, "-o", "served", "--tolerance", 10).code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--input", "data"], "--input takes NAME=N,C,H,W, found 'data'"),
        (["--input", "data=1,x,8,7"], "--input takes NAME=N,C,H,W, found 'data=1,x,8,7'"),
        (["--input", "pixels=1,3,8,7"], "pixels"),
        (["--skip", "Folding"], "there is no pass 'Folding'"),
        (["--keep", "nothing"], "nothing"),
        (["--batch", "0"], "--batch must be at least 1, found 0"),
        (["--samples", "gone.npz"], "gone.npz"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(words, message, command, net, here):
    done = command("deploy", *net, "-o", "served", *words)
    assert done.code == 1
    assert message in done.err.splitlines()[-1]
    assert not list(here.iterdir())


def test_weights_that_lack_a_layer_are_refused_unless_allowed(command, net, here):
    (here / "net.prototxt").write_text(data(1, 3) + ip("new", "data", "new"))
    done = command("deploy", "net.prototxt", net[1], "-o", "served")
    assert done.code == 1
    assert "net.prototxt:2:1: layer 'new' has parameters" in done.err or "layer 'new'" in done.err
    assert command("deploy", "net.prototxt", net[1], "-o", "served", "--allow-missing").code == 0


def test_an_unknown_field_is_a_warning_on_request(command, project, here):
    text = (project / "deploy.prototxt").read_text() + "\nlayer_of_mine: 3\n"
    (here / "net.prototxt").write_text(text)
    words = "deploy", "net.prototxt", project / "deploy.caffemodel", "-o", "served"
    assert "unknown field 'layer_of_mine'" in command(*words).err
    assert command(*words, "--ignore-unknown").code == 0
