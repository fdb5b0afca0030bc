"""Weights on the command line: what no file holds is refused, what is no model is named, what does not fit says how."""

import re

import numpy as np
import pytest

import protonet
from protonet import io
from tests.net.tools import data, ip

NET = data(2, 3) + ip("fc", "data", "fc", 4) + ip("new", "fc", "new", 2)
FILES = {  # what the net gives instead of a file, and what is said of it
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n": "a Git LFS pointer, .* `git lfs",
    b"<!DOCTYPE html>\n<html><title>Sign in</title></html>": "an HTML page, not the file itself",
    b"": "an empty file",
    bytes(3000): "nothing but zero bytes: the download was cut",
}


@pytest.fixture
def project(here):
    """A net with weights; some files of them lack the layer `new`."""
    (here / "net.prototxt").write_text(NET)
    net = protonet.Net("net.prototxt", protonet.TEST, seed=3)
    net.save("all.caffemodel")
    net.save("all.caffemodel.h5")
    for name in "fc", "new":
        for end in "caffemodel", "caffemodel.h5":
            io.save_weights(f"{name}.{end}", io.Weights({name: net.weights()[name]}))
    np.save("x.npy", np.ones((2, 3), np.float32))
    from protonet.data import convert

    convert.write(here / "db", np.ones((4, 3, 1, 1), np.uint8), np.zeros(4, int))
    return here


def words(verb, weights):
    return {
        "test": ["test", "net.prototxt", weights, "-iterations", 1],
        "score": ["test", "images.prototxt", weights, "--data", "db"],
        "run": ["run", "net.prototxt", weights, "x.npy"],
        "deploy": ["deploy", "net.prototxt", weights, "-o", "out"],
        "compile": ["compile", "net.prototxt", weights, "-o", "out.program"],
        "show": ["show", "net.prototxt", "--weights", weights],
        "time": ["time", "net.prototxt", "-weights", weights, "-iterations", 1],
    }[verb]


@pytest.fixture
def images(project):
    """The same net, on images."""
    (project / "images.prototxt").write_text(
        NET.replace("shape { dim: 2 dim: 3 }", "shape { dim: 2 dim: 3 dim: 1 dim: 1 }")
    )


@pytest.mark.parametrize("end", ["caffemodel", "caffemodel.h5"])
@pytest.mark.parametrize("verb", ["test", "score", "run", "deploy", "compile"])
def test_parameters_that_were_not_loaded_are_refused_unless_allowed(verb, end, command, project, images):
    done = command(*words(verb, f"fc.{end}"))
    assert done.code == 1
    last = done.err.splitlines()[-1]
    assert "'new'" in last
    assert f"fc.{end}" in last
    assert "--allow-missing" in last
    assert not list(project.glob("out*"))
    assert command(*words(verb, f"fc.{end}"), "--allow-missing").code == 0
    assert command(*words(verb, f"all.{end}")).code == 0


@pytest.mark.parametrize("verb", ["test", "score"])
def test_of_several_files_each_may_lack_what_another_has(verb, command, project, images):
    assert command(*words(verb, "fc.caffemodel,new.caffemodel.h5")).code == 0
    done = command(*words(verb, "fc.caffemodel,fc.caffemodel.h5"))
    assert done.code == 1
    assert "'new'" in done.err


def test_several_files_score_as_one(command, project):
    whole, parts = (
        command(*words("test", each)).messages for each in ("all.caffemodel", "fc.caffemodel,new.caffemodel")
    )
    assert [m for m in whole if m.startswith("new = ")] == [m for m in parts if m.startswith("new = ")]


def test_show_lists_what_is_copied_ignored_and_fresh(command, project):
    weights = io.load_weights("fc.caffemodel")
    weights["old"] = [np.ones(3)]
    io.save_weights("other.caffemodel.h5", weights)
    done = command("show", "net.prototxt", "--weights", "other.caffemodel.h5,new.caffemodel")
    assert done.code == 0
    assert done.out.splitlines()[-8:] == [
        "other.caffemodel.h5:", "  copied     1  fc", "  ignored    1  old", "  fresh      1  new",
        "new.caffemodel:", "  copied     1  new", "  ignored    0", "  fresh      1  fc",
    ]  # fmt: skip


@pytest.mark.parametrize("content", FILES, ids=["lfs", "html", "empty", "zeros"])
@pytest.mark.parametrize("verb", ["test", "run", "deploy", "compile", "show", "time"])
def test_a_file_that_is_no_model_is_named_in_one_line(verb, content, command, project):
    for name in "x.caffemodel", "x.caffemodel.h5":
        (project / name).write_bytes(content)
        done = command(*words(verb, name))
        assert done.code == 1
        last = done.err.splitlines()[-1]
        assert last.startswith(f"protonet: {name}: ")
        assert re.search(FILES[content], last), last


@pytest.mark.parametrize("end", ["caffemodel", "caffemodel.h5"])
def test_a_truncated_download_is_named(end, command, project):
    whole = (project / f"all.{end}").read_bytes()
    (project / f"cut.{end}").write_bytes(whole[: len(whole) - 40])
    for verb in "test", "run", "deploy", "show":
        done = command(*words(verb, f"cut.{end}"))
        assert done.code == 1
        assert "a truncated download?" in done.err.splitlines()[-1]
        assert f"cut.{end}" in done.err.splitlines()[-1]


@pytest.mark.parametrize("end", ["caffemodel", "caffemodel.h5"])
@pytest.mark.parametrize("verb", ["test", "run", "deploy", "show"])
def test_another_shape_is_refused_with_both_and_a_remedy(verb, end, command, project):
    (project / "net.prototxt").write_text(NET.replace("num_output: 2", "num_output: 5"))
    done = command(*words(verb, f"all.{end}"))
    assert done.code == 1
    last = done.err.splitlines()[-1]
    assert last.startswith(f"protonet: all.{end}: layer 'new': blob 0 is (2, 4) in the file, the net wants (5, 4)")
    assert "rename the layer to learn it from scratch" in last
