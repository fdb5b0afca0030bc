"""Deploy: the whole way from a trained net to files, the proof, and what it refuses."""

import logging

import numpy as np
import pytest

import protonet
from protonet import passes, verify
from protonet.deploy import Deployed
from protonet.errors import DataError, DeployError, WeightsError
from protonet.io import Weights, load_weights, save_mean, save_weights
from protonet.prototxt import carried, parse
from tests.passes.tools import bn, conv, data, has, ip, layer, scale

BODY = (
    conv("c", "data", rest='kernel_size: 3 bias_term: false weight_filler { type: "msra" }')
    + bn("b", "c", rest="param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 }")
    + scale("s", "c")
    + layer("r", "ReLU", "c")
    + layer("d", "Dropout", "c")
    + ip("fc", "c", n=10)
)
TAIL = layer("acc", "Accuracy", "fc label", "acc", "include { phase: TEST }") + layer(
    "loss", "SoftmaxWithLoss", "fc label", "loss"
)
SOURCE = """
layer { name: "db" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 8 dim: 3 dim: 6 dim: 5 } shape { dim: 8 }
  data_filler { type: "gaussian" std: 2 } data_filler { type: "constant" value: 3 } } }
"""
TRAIN_VAL = 'name: "small"\n' + SOURCE + BODY + TAIL


@pytest.fixture
def weights(rng):
    return Weights({
        "c": [rng.normal(size=(4, 3, 3, 3))],
        "b": [rng.normal(size=4), rng.uniform(0.5, 2, 4), [0.9]],
        "s": [rng.normal(size=4), rng.normal(size=4)],
        "fc": [rng.normal(size=(10, 48)), rng.normal(size=10)],
    })  # fmt: skip


@pytest.fixture
def files(tmp_path, weights):
    """(prototxt, caffemodel) of the trained net."""
    (tmp_path / "train_val.prototxt").write_text(TRAIN_VAL)
    save_weights(tmp_path / "net.caffemodel", weights)
    return tmp_path / "train_val.prototxt", tmp_path / "net.caffemodel"


def types(deployed):
    return [each.type for each in deployed.definition.layer]


def test_a_train_val_becomes_a_deploy_net(files, tmp_path):
    deployed = protonet.deploy(*files)
    assert types(deployed) == ["Input", "Convolution", "ReLU", "InnerProduct", "Softmax"]
    assert deployed.save(tmp_path / "out" / "small") == [
        tmp_path / "out" / "small.prototxt",
        tmp_path / "out" / "small.caffemodel",
    ]
    net = protonet.Net(str(tmp_path / "out/small.prototxt"), str(tmp_path / "out/small.caffemodel"), protonet.TEST)
    assert net.blobs["data"].shape == (1, 3, 6, 5)
    assert (net.inputs, net.outputs) == (["data"], ["prob"])
    x = np.random.default_rng(0).normal(size=(1, 3, 6, 5))
    assert net.forward(data=x)["prob"].sum() == pytest.approx(1)
    assert list(load_weights(tmp_path / "out/small.caffemodel")) == ["data", "c", "r", "fc", "prob"]


def test_it_gives_what_the_trained_net_gives(files):
    """By hand, beside the proof: the logits of the TEST net on its own data."""
    trained = protonet.Net(str(files[0]), str(files[1]), protonet.TEST)
    trained.forward()
    deployed = protonet.deploy(*files, batch=8)
    served = protonet.Net(deployed.definition, protonet.TEST, weights=deployed.weights)
    served.forward(data=trained.blobs["data"].data)
    np.testing.assert_allclose(served.blobs["fc"].data, trained.blobs["fc"].data, atol=1e-4)


def test_what_was_done_is_told(files):
    deployed = protonet.deploy(*files)
    assert [str(note) for note in deployed.folded] == ["BatchNorm b + Scale s: folded into Convolution c"]
    assert not deployed.left
    told = [str(note) for note in deployed.journal.done]
    assert "Accuracy acc: is for training or testing only and is dropped" in told
    assert "SoftmaxWithLoss loss: becomes Softmax prob" in told
    assert "DummyData db: becomes Input data (1, 3, 6, 5)" in told
    assert "Dropout d: changes nothing in the TEST phase and is dropped" in told


def test_nothing_of_training_is_left_in_the_text(files):
    text = protonet.deploy(*files).text
    for word in "filler", "lr_mult", "phase", "label", "loss":
        assert word not in text, word
    assert text.startswith("# a net to predict with, made by protonet from train_val.prototxt\n")


def test_the_batch_and_the_shape_may_be_chosen(files):
    assert protonet.deploy(*files, batch=3).graph.nodes[0].outputs[0].shape == (3, 3, 6, 5)
    with pytest.raises(WeightsError, match="layer 'fc': blob 0 is"):
        protonet.deploy(*files, inputs={"data": (1, 3, 9, 9)})


def test_deploying_a_deploy_net_changes_nothing(files, tmp_path):
    once = protonet.deploy(*files)
    again = protonet.deploy(*once.save(tmp_path / "once"))
    assert again.definition == once.definition
    assert all(
        np.array_equal(a, b)
        for name in once.weights
        for a, b in zip(once.weights[name], again.weights[name], strict=True)
    )
    assert not again.journal.notes


def test_an_outputs_list_cuts_the_net(files):
    assert types(protonet.deploy(*files, outputs=["c"])) == ["Input", "Convolution", "ReLU"]


def test_an_output_inside_the_net_keeps_its_numbers(weights):
    text = data(1, 3, 6, 5) + conv("c", "data", rest="kernel_size: 3 bias_term: false") + bn("b", "c", "b")
    deployed = protonet.deploy(parse.loads(text + scale("s", "b", "s")), weights, outputs=["c", "s"])
    assert types(deployed) == ["Input", "Convolution", "Scale"]
    assert deployed.proof.proven == ["c", "s"]
    assert "'c' is an output of the net" in deployed.left[0].text


def test_a_pass_may_be_left_out(files):
    assert "BatchNorm" in types(protonet.deploy(*files, skip=["ToAffine"]))
    with pytest.raises(DeployError, match="there is no pass 'Folding': there are DropIdentity, ToAffine, Fold"):
        protonet.deploy(*files, skip=["Folding"])


def test_messages_and_dicts_are_taken_too(weights):
    assert types(protonet.deploy(parse.loads(TRAIN_VAL).message, dict(weights)))[-1] == "Softmax"


def test_several_weight_files_are_joined(files, tmp_path, weights):
    save_weights(tmp_path / "fc.caffemodel", Weights({"fc": [0 * weights["fc"][0] + 1, weights["fc"][1]]}))
    deployed = protonet.deploy(files[0], f"{files[1]},{tmp_path / 'fc.caffemodel'}")
    assert (deployed.weights["fc"][0] == 1).all()


def test_missing_weights_are_refused_unless_allowed(files, weights, caplog):
    del weights["fc"]
    with pytest.raises(WeightsError, match="layer 'fc' has parameters"):
        protonet.deploy(files[0], weights)
    assert protonet.deploy(files[0], weights, allow_missing=True).weights["fc"][0].shape == (10, 48)


def test_the_weights_that_were_given_are_not_changed(files, weights):
    before = weights.copy()
    protonet.deploy(files[0], weights)
    assert all(np.array_equal(a, b) for name in weights for a, b in zip(weights[name], before[name], strict=True))


# the proof


def test_the_proof_covers_every_blob_that_both_nets_have(files):
    proof = protonet.deploy(*files).proof
    assert [d.blob for d in proof.differences] == ["c", "fc"]
    assert proof.on == ["random x 0.0625", "random x 1", "random x 16"]
    assert proof.worst.relative < 2e-6
    assert proof.proven == ["c", "fc"]


def test_samples_are_used_too(files):
    samples = {"data": np.random.default_rng(0).normal(size=(5, 3, 6, 5))}
    assert protonet.deploy(*files, samples=samples).proof.on[0] == "the given samples"


class Spoil(passes.Pass):
    """What a wrong pass would do."""

    def run(self, graph, journal=None):
        node = next(node for node in graph.nodes if node.type == "Convolution")
        node.blobs = [blob * np.float32(1.001) for blob in node.blobs]
        return 1


def test_a_net_that_is_another_is_refused_and_nothing_is_written(files, monkeypatch, tmp_path):
    monkeypatch.setattr(passes, "DEPLOY", (*passes.DEPLOY, Spoil))
    with pytest.raises(
        DeployError,
        match=r"'(c|fc)' differs by 1\.\de-03 .* 1\.0e-04 is allowed \(2 blobs differ, 'c' is the first\); nothing",
    ):
        protonet.deploy(*files)
    assert protonet.deploy(*files, tolerance=0.01).proof.worst.relative > 5e-4
    assert protonet.deploy(*files, prove=False).proof is None


def test_numbers_that_are_not_finite_prove_nothing_and_are_refused(files, weights):
    weights["fc"][0][3, 5] = np.nan
    with pytest.raises(DeployError, match=r"'fc' is not finite on .*nothing was written"):
        protonet.deploy(files[0], weights)


def test_statistics_that_are_broken_are_refused_with_their_place(files, weights):
    weights["b"][1][2] = -5
    with pytest.raises(
        WeightsError, match=r"train_val.prototxt:\d+:\d+: layer 'b': 1 of its 4 statistics make no distribution"
    ):
        protonet.deploy(files[0], weights)


def test_dead_blobs_are_named(files, weights):
    weights["s"][0][:] = 0
    weights["s"][1][:] = -1
    proof = protonet.deploy(files[0], weights).proof
    assert proof.silent == ["c", "fc"]
    assert "so that they prove nothing: c, fc" in str(proof)


def test_the_proof_sees_a_wrong_text(files, monkeypatch):
    """The net that is proved is made of the text that would be written."""
    monkeypatch.setattr(Deployed, "text", property(lambda self: self.write({}).replace("ReLU", "Softmax")))
    with pytest.raises(DeployError, match="blobs differ, 'c' is the first"):
        protonet.deploy(*files)


# data


@pytest.fixture
def images(tmp_path, weights):
    """A net that learns from image files."""
    cv2 = pytest.importorskip("cv2")
    if "ImageData" not in protonet.layer_type_list():
        pytest.skip("no layer type ImageData yet")
    rng, lines = np.random.default_rng(1), []
    for i in range(12):
        cv2.imwrite(str(tmp_path / f"{i}.png"), rng.integers(0, 255, (9, 9, 3), np.uint8))
        lines.append(f"{tmp_path / f'{i}.png'} {i % 10}\n")
    (tmp_path / "list.txt").write_text("".join(lines))
    save_mean(tmp_path / "mean.binaryproto", rng.uniform(0, 255, (3, 7, 6)).astype(np.float32))
    source = """layer { name: "files" type: "ImageData" top: "data" top: "label"
      transform_param { mean_file: "mean.binaryproto" scale: 0.01 mirror: true crop_h: 6 crop_w: 5 }
      image_data_param { source: "list.txt" batch_size: 12 new_height: 7 new_width: 6 } }"""
    (tmp_path / "train_val.prototxt").write_text(source + BODY + TAIL)
    save_weights(tmp_path / "net.caffemodel", weights)
    return tmp_path


def test_the_nets_own_data_are_part_of_the_proof(images):
    proof = protonet.deploy(images / "train_val.prototxt", images / "net.caffemodel").proof
    assert proof.on[0] == "a batch of the data"
    assert proof.on[2] == "random x 0.64"
    assert proof.worst.relative < 2e-6


def test_data_that_are_gone_are_said_so(images):
    (images / "list.txt").unlink()
    deployed = protonet.deploy(images / "train_val.prototxt", images / "net.caffemodel")
    assert deployed.graph.nodes[0].outputs[0].shape == (1, 3, 6, 5)
    assert len(deployed.proof.on) == 3
    assert "the net's own data could not be read" in deployed.proof.notes[0]


def test_what_was_done_to_images_goes_with_the_net(images, tmp_path):
    deployed = protonet.deploy(images / "train_val.prototxt", images / "net.caffemodel")
    paths = deployed.save(images / "out" / "net")
    assert [path.name for path in paths] == ["net.prototxt", "net.caffemodel", "net.mean.binaryproto"]
    found = carried.read(paths[0].read_text())["data"]
    assert (found.transform.mean_file, found.resize) == ("net.mean.binaryproto", (7, 6))
    assert found.transform.scale == pytest.approx(0.01)
    assert (found.transform.crop_h, found.transform.crop_w, found.transform.mirror) == (6, 5, False)
    again = protonet.deploy(paths[0], paths[1])
    assert again.carried == {"data": found}
    assert again.save(images / "again" / "net")[2].read_bytes() == paths[2].read_bytes()


def test_the_size_of_the_images_in_a_database_is_carried_along(tmp_path, weights):
    if "Data" not in protonet.layer_type_list():
        pytest.skip("no layer type Data yet")
    from protonet.data import convert

    rng = np.random.default_rng(1)
    convert.write(tmp_path / "lmdb", rng.integers(0, 255, (9, 3, 8, 7), np.uint8), np.arange(9))
    source = """layer { name: "db" type: "Data" top: "data" top: "label" transform_param { crop_h: 6 crop_w: 5 }
      data_param { source: "lmdb" batch_size: 9 backend: LMDB } }"""
    (tmp_path / "train_val.prototxt").write_text(source + BODY + TAIL)
    deployed = protonet.deploy(tmp_path / "train_val.prototxt", weights)
    assert deployed.carried["data"].resize == (8, 7)
    assert deployed.proof.on[0] == "a batch of the data"


def test_a_mean_that_is_gone_is_a_warning(images, caplog):
    (images / "list.txt").unlink()
    (images / "mean.binaryproto").unlink()
    deployed = protonet.deploy(images / "train_val.prototxt", images / "net.caffemodel")
    with caplog.at_level(logging.WARNING):
        assert len(deployed.save(images / "out" / "net")) == 2
    assert "the mean file 'mean.binaryproto' is not there" in caplog.text


def test_data_of_unknown_shape_are_refused_with_a_way_out(weights):
    text = 'layer { name: "db" type: "Data" top: "data" data_param { source: "gone" batch_size: 2 } }' + BODY
    if "Data" not in protonet.layer_type_list():
        pytest.skip("no layer type Data yet")
    with pytest.raises(DataError, match="--input data=1,3,224,224"):
        protonet.deploy(parse.loads(text), weights)
    assert protonet.deploy(parse.loads(text), weights, inputs={"data": (1, 3, 6, 5)}).proof.notes


@has("Reshape")
def test_a_net_that_takes_one_batch_size_only_keeps_it(weights):
    text = SOURCE + BODY + layer("shape", "Reshape", "fc", "out", "reshape_param { shape { dim: 8 dim: 10 } }")
    deployed = protonet.deploy(parse.loads(text), weights)
    assert deployed.graph.nodes[0].outputs[0].shape == (8, 3, 6, 5)
    assert "takes no other than its data brings" in deployed.left[0].text


def test_a_net_without_shared_names_is_not_compared():
    report = verify.Report([], [])
    assert report.worst is None
    assert report.within(0)
    assert str(report) == "no blob to compare"


def test_batch_statistics_survive_and_are_told(weights):
    text = data(4, 3, 6, 5) + BODY.replace(
        'type: "BatchNorm"', 'type: "BatchNorm" batch_norm_param { use_global_stats: false }'
    )
    deployed = protonet.deploy(parse.loads(text), weights)
    assert "BatchNorm" in types(deployed)
    assert "BatchNorm b stays: the statistics come from each batch (use_global_stats: false)" in map(str, deployed.left)


def test_an_in_place_chain_on_the_input_is_proved(weights):
    deployed = protonet.deploy(parse.loads(data(2, 4, 3, 3) + scale("s", "data")), weights)
    assert types(deployed) == ["Input", "Scale"]
    assert [d.blob for d in deployed.proof.differences] == ["data"]
    assert deployed.proof.worst.relative == 0


def test_the_function_is_found_whatever_was_imported_first():
    import subprocess
    import sys

    code = "from protonet.deploy import Deployed; import protonet; assert callable(protonet.deploy), protonet.deploy"
    subprocess.run([sys.executable, "-c", code], check=True)
