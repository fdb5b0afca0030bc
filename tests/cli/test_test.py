"""protonet test: both spellings, a deploy net on a database, what is missing."""

import re

import pytest


@pytest.fixture(scope="module")
def model(project):
    return project / "train_val.prototxt", project / "tiny_iter_20.caffemodel"


def test_both_spellings_score_the_same(command, model):
    net, weights = model
    ours = command("test", net, weights, "--iterations", 3)
    caffes = command("test", "-model", net, "-weights", weights, "-iterations", 3)
    assert ours.code == caffes.code == 0
    assert ours.messages == caffes.messages
    batches = [float(m.split(" = ")[1]) for m in ours.messages if re.match(r"Batch \d, acc = ", m)]
    assert len(batches) == 3
    mean = next(float(m.split(" = ")[1]) for m in ours.messages if m.startswith("acc = "))
    assert mean == pytest.approx(sum(batches) / 3, abs=1e-5)
    assert mean > 0.9  # it has learned
    assert any(re.fullmatch(r"loss = (\S+) \(\* 1 = \1 loss\)", m) for m in ours.messages)
    assert "Running for 3 iterations." in ours.messages


def test_a_deploy_net_is_scored_on_a_database(command, project, model):
    trained = command("test", *model, "--iterations", 3)
    mean = next(float(m.split(" = ")[1]) for m in trained.messages if m.startswith("acc = "))
    for batch in 4, 64:
        done = command(
            "test", project / "deploy.prototxt", project / "deploy.caffemodel", "--data", project / "test_lmdb",
            "--batch", batch,
        )  # fmt: skip
        assert done.code == 0
        first, last = done.out.splitlines()
        assert float(first.partition("accuracy top 1 = ")[2]) == pytest.approx(mean, abs=1e-4)
        assert last == f"15 images of {project / 'test_lmdb'}, output 'prob'"


def test_the_phase_and_the_stages_may_be_chosen(command, model, here):
    net, weights = model
    text = net.read_text().replace("train_lmdb", str(net.parent / "train_lmdb"))
    extra = 'layer { name: "more" type: "Power" bottom: "fc" top: "more" include { stage: "wanted" min_level: 1 } }'
    (here / "net.prototxt").write_text(text + extra)
    done = command(
        "test", "net.prototxt", weights, "-phase", "TRAIN", "-iterations", 1, "-stage=other,wanted", "-level=1"
    )
    assert done.code == 0
    assert "This network produces output more" in done.messages
    assert not any("acc" in m for m in done.messages)


def test_outputs_of_several_numbers_have_a_line_each(command, here):
    (here / "net.prototxt").write_text(
        'layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } '
        'data_filler { type: "constant" value: 2 } } }'
        'layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 '
        'weight_filler { type: "constant" value: 0.5 } } }'
    )
    import protonet

    protonet.Net("net.prototxt", protonet.TEST).save("net.caffemodel")
    done = command("test", "net.prototxt", "net.caffemodel", "-iterations", 2)
    assert done.messages[-7:] == ["Batch 0, y = 3"] * 2 + ["Batch 1, y = 3"] * 2 + ["Loss: 0"] + ["y = 3"] * 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give the net: protonet test NET WEIGHTS, or -model NET -weights WEIGHTS"),
        (["{net}"], "give the trained weights: protonet test NET WEIGHTS, or -weights WEIGHTS"),
        (["{net}", "gone.caffemodel"], "gone.caffemodel"),
        (["{net}", "{weights}", "-iterations", "0"], "--iterations must be at least 1, found 0"),
        (
            ["{deploy}", "{weights}", "--data", "gone"],
            "layer 'conv': the file has 1 blob: (6, 3, 3, 3), the net wants 2",
        ),
        (["{deploy}", "{served}", "--data", "gone_lmdb"], "gone_lmdb"),
    ],
)
def test_what_is_missing_is_said(words, message, command, model, here):
    known = {
        "net": model[0],
        "weights": model[1],
        "deploy": model[0].with_name("deploy.prototxt"),
        "served": model[0].with_name("deploy.caffemodel"),
    }
    done = command("test", *(word.format(**known) for word in words))
    assert done.code == 1
    assert message in done.err.splitlines()[-1]


def test_weights_of_another_net_are_refused_unless_allowed(command, model, here):
    net, weights = model
    text = net.read_text().replace("test_lmdb", str(net.parent / "test_lmdb")).replace('name: "fc"', 'name: "other"')
    (here / "net.prototxt").write_text(text)
    done = command("test", "net.prototxt", weights, "-iterations", 1)
    assert done.code == 1
    assert "has no weights for 'other': is it another net's file?" in done.err
    assert command("test", "net.prototxt", weights, "-iterations", 1, "--allow-missing").code == 0
