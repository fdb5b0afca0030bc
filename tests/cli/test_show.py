"""protonet show: the table, the totals, weights beside the net, the text of one phase."""

from google.protobuf import text_format

from protonet.prototxt import parse


def cells(out):
    """Rows of the table as lists of words."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]


def test_layers_shapes_and_costs_are_told(command, project):
    done = command("show", project / "train_val.prototxt")
    assert done.code == 0
    rows = {row[0]: row for row in cells(done.out)}
    assert rows["conv"][1:] == ["Convolution", "data", "conv", "5x6x3x3", "6x3x3x3", "162", "0.01"]
    assert rows["bn"][5:7] == ["6 6 1", "13"]
    assert rows["loss"][1] == "SoftmaxWithLoss"
    assert "fc_fc_0_split" in rows
    totals = done.out.splitlines()[-3:]
    assert (
        totals[0].startswith("10 layers, 352 weights (0.0 MiB), 0.0 million multiply-adds")
        or "352 weights" in totals[0]
    )
    assert totals[2] == "inputs: none; outputs: acc, loss"


def test_the_phase_may_be_chosen(command, project):
    out = command("show", project / "train_val.prototxt", "--phase", "TRAIN").out
    assert "tiny (TRAIN)" in out
    assert "acc" not in {row[0] for row in cells(out)}
    assert "10x3x8x7" in out


def test_a_shared_parameter_is_counted_once(command, here):
    from tests.net.tools import data, ip

    (here / "net.prototxt").write_text(
        data(2, 3) + ip("a", "data", "a", 3, 'param { name: "w" }') + ip("b", "a", "b", 3, 'param { name: "w" }')
    )
    assert "15 weights" in command("show", "net.prototxt").out


def test_weights_are_compared_with_the_net(command, project, here):
    model = project / "tiny_iter_20.caffemodel"
    out = command("show", project / "train_val.prototxt", "--weights", model).out
    copied = "  copied     4  conv, bn, scale, fc"
    assert out.splitlines()[-4:] == [f"{model}:", copied, "  ignored    0", "  fresh      0"]
    text = (project / "deploy.prototxt").read_text().replace('"fc"', '"other"')
    (here / "net.prototxt").write_text(text)
    out = command("show", "net.prototxt", "--weights", project / "deploy.caffemodel").out
    assert out.splitlines()[-3:] == ["  copied     1  conv", "  ignored    1  fc", "  fresh      1  other"]


def test_the_text_of_a_phase_can_be_read_again(command, project, here):
    out = command("show", project / "train_val.prototxt", "--text", "--phase", "TEST").out
    message = parse.loads(out).message
    assert [each.name for each in message.layer] == ["db", "conv", "bn", "scale", "relu", "fc", "acc", "loss"]
    assert message.layer[0].data_param.source == "test_lmdb"
    assert "state" not in out
    (here / "old.prototxt").write_text(
        'name: "v1" layers { name: "r" type: RELU bottom: "x" top: "y" } input: "x" '
        "input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4"
    )
    upgraded = command("show", "old.prototxt", "--text").out
    assert 'type: "ReLU"' in upgraded
    assert text_format.Parse(upgraded, type(message)()).layer[0].type == "Input"


def test_what_cannot_be_read_is_one_line(command, here):
    assert "gone.prototxt: cannot be read" in command("show", "gone.prototxt").err
    (here / "net.prototxt").write_text('layer { name: "r" typ: "ReLU" }')
    done = command("show", "net.prototxt")
    assert done.code == 1
    assert "net.prototxt:1:19: unknown field 'typ' in LayerParameter (did you mean 'type'?)" in done.err
    assert command("show", "net.prototxt", "--ignore-unknown", "--text").code == 0
