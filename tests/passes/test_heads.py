"""What a net predicts, and what goes: on messages alone, no shapes, no data."""

import pytest

from protonet.errors import DeployError, NetError
from protonet.graph.read import read
from protonet.io import Weights
from protonet.layers import TEST, TRAIN
from protonet.passes import Journal
from protonet.passes.heads import predict, with_data
from protonet.prototxt import parse
from tests.passes.tools import ip, layer

DATA = 'layer { name: "db" type: "Data" top: "data" top: "label" }\n'
LOSS = layer("loss", "SoftmaxWithLoss", "fc label", "loss")


def predicted(text, learned="fc", outputs=(), journal=None):
    """(layer names, {name: layer}, journal)."""
    document = parse.loads(text)
    weights = Weights({name: [[1.0]] for name in learned.split()})
    journal = Journal()
    net, origins = predict(read(document, TEST).net, weights, outputs, read(document, TRAIN).net, journal)
    assert len(origins) == len(net.layer)
    return [each.name for each in net.layer], {each.name: each for each in net.layer}, journal


def test_softmax_with_loss_becomes_softmax_and_labels_go():
    names, layers, journal = predicted(DATA + ip("fc", "data") + LOSS)
    assert names == ["db", "fc", "prob"]
    assert (layers["prob"].type, list(layers["prob"].bottom), list(layers["prob"].top)) == ("Softmax", ["fc"], ["prob"])
    assert "SoftmaxWithLoss loss: becomes Softmax prob" in map(str, journal.done)


def test_its_axis_stays():
    loss = layer("loss", "SoftmaxWithLoss", "fc label", "loss", "softmax_param { axis: 2 }")
    assert predicted(DATA + ip("fc", "data") + loss)[1]["prob"].softmax_param.axis == 2


def test_a_second_top_gives_the_name_of_the_blob():
    loss = layer("loss", "SoftmaxWithLoss", "fc label", "loss scores")
    assert list(predicted(DATA + ip("fc", "data") + loss)[1]["prob"].top) == ["scores"]


def test_a_softmax_that_is_there_is_not_made_again():
    text = DATA + ip("fc", "data") + layer("probability", "Softmax", "fc", "p") + LOSS
    assert predicted(text)[0] == ["db", "fc", "probability"]


def test_a_taken_name_is_not_taken_again():
    text = DATA + ip("prob", "data", "fc") + LOSS
    assert predicted(text, "prob")[0] == ["db", "prob", "prob2"]


def test_sigmoid_cross_entropy_becomes_sigmoid():
    text = DATA + ip("fc", "data") + layer("loss", "SigmoidCrossEntropyLoss", "fc label", "loss")
    assert predicted(text)[1]["prob"].type == "Sigmoid"


@pytest.mark.parametrize("kind", ["EuclideanLoss", "HingeLoss", "SmoothL1Loss", "MultinomialLogisticLoss"])
def test_other_losses_leave_what_they_read(kind):
    assert predicted(DATA + ip("fc", "data") + layer("loss", kind, "fc label", "loss"))[0] == ["db", "fc"]


def test_what_only_labels_need_goes():
    text = (
        DATA + layer("cut", "Slice", "label", "a b") + ip("fc", "data") + layer("loss", "EuclideanLoss", "fc a", "loss")
    )
    names, _, journal = predicted(text)
    assert names == ["db", "fc"]
    assert "Slice cut: serves no output and is dropped" in map(str, journal.done)


@pytest.mark.parametrize(
    ("later", "stays"),
    [
        (layer("clip", "Clip", "b"), ["clip"]),
        (layer("clip", "Clip", "b") + layer("again", "AbsVal", "b"), ["clip", "again"]),
        (layer("other", "Clip", "b", "c"), []),
    ],
)
def test_a_blob_that_stays_visible_is_still_worked_on(later, stays):
    text = DATA + layer("cut", "Slice", "data", "a b") + later + ip("fc", "a")
    read = "c" if not stays else "b"
    names, *_ = predicted(text + layer("loss", "EuclideanLoss", f"fc {read}", "loss"))
    assert names == ["db", "cut", *stays, "fc"]


def test_labels_and_what_others_read_are_not_worked_on_for_their_own_sake():
    text = DATA + ip("fc", "data") + layer("label", "Power", "label") + layer("data", "Power", "data")
    assert predicted(text + layer("loss", "EuclideanLoss", "fc label data", "loss"))[0] == ["db", "fc"]


def test_a_target_made_of_the_data_is_no_prediction():
    text = DATA + layer("flat", "Flatten", "data", "flat") + ip("fc", "data") + ip("out", "fc")
    names, *_ = predicted(text + layer("loss", "EuclideanLoss", "out flat", "loss"), "fc out")
    assert names == ["db", "fc", "out"]


def test_both_sides_of_a_siamese_loss_are_predictions():
    text = DATA + ip("fc", "data") + ip("fc2", "data") + layer("loss", "ContrastiveLoss", "fc fc2 label", "loss")
    assert predicted(text, "fc fc2")[0] == ["db", "fc", "fc2"]


def test_what_a_metric_reads_stays_and_silence_does_not_count():
    text = DATA + ip("fc", "data") + ip("aux", "data") + layer("acc", "Accuracy", "fc label", "acc")
    text += 'layer { name: "quiet" type: "Silence" bottom: "aux" }'
    assert predicted(text, "fc aux")[0] == ["db", "fc"]


def test_what_is_only_written_to_a_file_is_a_prediction():
    text = DATA + ip("fc", "data") + 'layer { name: "w" type: "HDF5Output" bottom: "fc" bottom: "label" }'
    assert predicted(text)[0] == ["db", "fc"]


def test_what_is_silenced_is_a_prediction_if_nothing_else_is():
    assert predicted(DATA + ip("fc", "data") + 'layer { name: "s" type: "Silence" bottom: "fc" }')[0] == ["db", "fc"]


def test_targets_that_a_layer_makes_of_predictions_are_none():
    targets = layer("target", "Python", "fc label", "labels boxes")
    text = DATA + ip("fc", "data") + ip("box", "data") + targets
    text += layer("loss", "SoftmaxWithLoss", "fc labels", "loss") + layer("l1", "SmoothL1Loss", "box boxes", "l1")
    assert predicted(text, "fc box")[0] == ["db", "fc", "box", "prob"]


def phases(text):
    document = parse.loads(text)
    return read(document, TEST).net, read(document, TRAIN).net


def test_data_that_are_there_for_training_only_are_taken():
    net, borrowed = with_data(*phases(DATA.replace("top:", "include { phase: TRAIN } top:", 1) + ip("fc", "data")))
    assert [each.name for each in net.layer] == ["db", "fc"]
    assert borrowed == 1
    net, borrowed = with_data(*phases(DATA + ip("fc", "data")))
    assert borrowed == 0


def test_another_layer_that_is_there_for_training_only_is_not():
    text = DATA + ip("one", "data").replace("top:", "include { phase: TRAIN } top:") + ip("fc", "one")
    with pytest.raises(NetError, match=r"layer 'fc': bottom 'one' .*: layer 'one' makes it in the TRAIN phase only"):
        with_data(*phases(text))
    with pytest.raises(NetError, match=r"layer 'fc': bottom 'none' is made by no layer before it$"):
        with_data(*phases(ip("fc", "none")))


def test_a_loss_of_the_train_phase_tells_what_the_scores_are():
    loss = LOSS.replace("top:", "include { phase: TRAIN } top:")
    text = DATA + ip("fc", "data") + layer("acc", "Accuracy", "fc label", "acc", "include { phase: TEST }") + loss
    assert predicted(text)[0] == ["db", "fc", "prob"]


def test_any_layer_with_a_loss_weight_is_a_loss():
    text = DATA + ip("fc", "data") + layer("norm", "Reduction", "fc", "norm", "loss_weight: 0.1")
    assert predicted(text)[0] == ["db", "fc"]


def test_what_reads_a_loss_goes_with_it():
    text = DATA + ip("fc", "data") + LOSS + layer("twice", "Power", "loss", "twice", "power_param { scale: 2 }")
    assert predicted(text)[0] == ["db", "fc", "prob"]


def test_several_losses_make_several_outputs_and_the_heaviest_is_prob():
    aux = layer("loss1/loss", "SoftmaxWithLoss", "aux label", "loss1", "loss_weight: 0.3")
    text = DATA + ip("aux", "data") + aux + ip("fc", "aux") + LOSS
    assert predicted(text, "fc aux")[0] == ["db", "aux", "fc", "loss1/prob", "prob"]


def test_outputs_may_be_chosen():
    aux = layer("loss1/loss", "SoftmaxWithLoss", "aux label", "loss1", "loss_weight: 0.3")
    text = DATA + ip("aux", "data") + aux + ip("fc", "data") + LOSS
    assert predicted(text, "fc aux", ["prob"])[0] == ["db", "fc", "prob"]
    assert predicted(text, "fc aux", ["aux"])[0] == ["db", "aux"]


def test_an_output_in_place_stays():
    text = DATA + ip("fc", "data") + layer("r", "ReLU", "fc") + layer("d", "Dropout", "fc")
    assert predicted(text)[0] == ["db", "fc", "r", "d"]


def test_an_output_that_nothing_learned_stays():
    text = DATA + ip("fc", "data") + layer("box", "PriorBox", "fc data", "box")
    assert predicted(text)[0] == ["db", "fc", "box"]
    text = DATA + layer("box", "PriorBox", "data", "box")
    assert predicted(text, "")[0] == ["db", "box"]


def test_an_unknown_output_is_refused_with_the_one_that_was_meant():
    with pytest.raises(DeployError, match=r"output 'probe' is no blob of the net \(did you mean 'prob'\?\)"):
        predicted(DATA + ip("fc", "data") + LOSS, outputs=["probe"])


def test_data_that_a_loss_reads_as_they_are_are_no_prediction():
    with pytest.raises(DeployError, match="no output is left"):
        predicted(DATA + layer("loss", "EuclideanLoss", "data label", "loss"), "")


def test_a_net_that_predicts_nothing_is_refused():
    with pytest.raises(DeployError, match="no output is left"):
        predicted('layer { name: "db" type: "Data" top: "data" } layer { name: "s" type: "Silence" bottom: "data" }')
