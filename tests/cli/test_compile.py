"""protonet compile: a file that `protonet run` takes alone."""

import json

import cv2
import numpy as np
import pytest

import protonet
from protonet.cli import main

NET = """# protonet: data { transform { mean_value: 100 scale: 0.01 } resize { 14 14 } }
name: "small"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 5 dim: 3 dim: 12 dim: 12 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""


@pytest.fixture
def files(tmp_path, rng):
    (tmp_path / "net.prototxt").write_text(NET)
    protonet.Net(tmp_path / "net.prototxt", seed=1).save(tmp_path / "net.caffemodel")
    for i in range(3):
        cv2.imwrite(str(tmp_path / f"{i}.png"), rng.integers(0, 255, (20, 17, 3), dtype=np.uint8))
    return [str(tmp_path / name) for name in ("net.prototxt", "net.caffemodel")]


def said(capsys, *argv):
    assert main([str(word) for word in argv]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("more", [[], ["--mean", "1,2,3", "--resize", "13,15", "--rgb"], ["--mean", "FILE"]])
def test_it_runs_alone_as_the_net_does(files, tmp_path, capsys, rng, more):
    mean = np.save(tmp_path / "mean.npy", rng.uniform(0, 200, (3, 14, 14)).astype(np.float32)) or tmp_path / "mean.npy"
    more = [str(mean) if word == "FILE" else word for word in more]
    program, images = tmp_path / "out" / "net.program", [tmp_path / f"{i}.png" for i in range(3)]
    expected = said(capsys, "run", *files, *images, "--json", *more)
    out = said(capsys, "compile", *files, "-o", program, "--batch", 2, *more)
    assert "largest live set" in out
    assert f"wrote {program}" in out
    mean.unlink()
    found = said(capsys, "run", program, *images, "--json", "--batch", 2)
    for a, b in zip(found.splitlines(), expected.splitlines(), strict=True):
        a, b = json.loads(a), json.loads(b)
        assert a["file"] == b["file"]
        scores = [[each["score"] for each in c["top"]] for c in (a, b)]
        np.testing.assert_allclose(*scores, rtol=1e-5)


def test_a_program_has_all_settled(files, tmp_path, capsys):
    program = tmp_path / "net.program"
    said(capsys, "compile", *files, "-o", program, "--exact", "--blobs", "conv", "--tune")
    assert set(protonet.load(program).outputs) == {"prob", "conv"}
    assert main(["run", str(program), str(tmp_path / "0.png"), "--mean", "3"]) == 1
    assert "a program has mean in it" in capsys.readouterr().err


def test_what_is_missing_is_said(files, tmp_path, capsys):
    program = tmp_path / "net.program"
    said(capsys, "compile", *files, "-o", program)
    for words in [program], files, files[:1]:
        assert main(["run", *map(str, words)]) == 1
        assert "nothing to run it on" in capsys.readouterr().err
    with pytest.raises(protonet.ProtonetError, match="needs weights"):
        protonet.load(files[0])
    assert main(["compile", *files, "-o", str(program), "--batch", "0"]) == 1
