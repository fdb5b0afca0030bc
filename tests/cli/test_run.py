"""protonet run: images, arrays, features, labels, JSON, and what is said over what the prototxt carries."""

import json

import numpy as np
import pytest

import protonet
from protonet.io import save_mean
from tests.cli.conftest import CLASSES, pictures

cv2 = pytest.importorskip("cv2")


@pytest.fixture
def files(here):
    """Images 0.png, 1.png, ... of classes 0, 1, 2, 0, ...; in here."""
    images, labels = pictures(6, 5)
    for i, image in enumerate(images):
        cv2.imwrite(f"{i}.png", image.transpose(1, 2, 0))
    return [f"{i}.png" for i in range(6)], images, labels


@pytest.fixture
def served(project):
    return project / "deploy.prototxt", project / "deploy.caffemodel"


def seen(images):
    """What training saw of images."""
    return (images.astype("f4") - 100) * np.float32(0.01)


def probabilities(served, x):
    return protonet.compile(str(served[0]), str(served[1])).run(x)["prob"]


def tops(out):
    return {line["file"]: line["top"] for line in map(json.loads, out.splitlines())}


def test_images_are_seen_as_in_training_and_told_by_name(command, served, files):
    names, images, labels = files
    done = command("run", *served, *names, "--json")
    assert (done.code, done.err) == (0, "")
    found, expected = tops(done.out), probabilities(served, seen(images))
    assert list(found) == names
    for name, row, label in zip(names, expected, labels, strict=True):
        assert [each["class"] for each in found[name]] == list(np.argsort(-row))
        assert [each["score"] for each in found[name]] == pytest.approx(sorted(row, reverse=True), abs=1e-5)
        assert found[name][0]["class"] == label


@pytest.mark.parametrize("batch", [1, 2, 4, 100])
def test_the_batch_changes_nothing(command, served, files, batch):
    """But for the last digit: other sizes are cut into other tasks."""
    one, other = (tops(command("run", *served, *files[0], "--json", "--batch", n).out) for n in (batch, 3))
    assert list(one) == list(other) == files[0]
    for name in one:
        assert [e["score"] for e in one[name]] == pytest.approx([e["score"] for e in other[name]], abs=1e-6)


def test_the_best_classes_are_printed_with_their_labels(command, served, files, here):
    (here / "words.txt").write_text("red\ngreen\nblue\n")
    out = command("run", *served, "1.png", "--labels", "words.txt", "--top", 2).out
    first, best, second = out.splitlines()
    assert first == "1.png"
    assert best.split()[1] == "green"
    assert float(best.split()[0]) > float(second.split()[0])
    assert "label" in command("run", *served, "1.png", "--json").out


def test_labels_beside_the_net_are_found(command, served, files, here):
    for path in served:
        (here / path.name).write_bytes(path.read_bytes())
    (here / "labels.txt").write_text("red\ngreen\nblue\n")
    assert "blue" in command("run", "deploy.prototxt", "deploy.caffemodel", "2.png").out


def test_arrays_are_taken_as_they_are(command, served, files, here):
    x = seen(files[1])
    np.save("all.npy", x)
    np.save("one.npy", x[1])
    np.savez("named.npz", data=x[2:4])
    np.savez("only.npz", anything=x[4:5])
    found = tops(command("run", *served, "all.npy", "one.npy", "0.png", "named.npz", "only.npz", "--json").out)
    expected = probabilities(served, x)
    assert list(found) == [
        *(f"all.npy[{i}]" for i in range(6)),
        "one.npy",
        "0.png",
        "named.npz[0]",
        "named.npz[1]",
        "only.npz",
    ]
    for name, row in ("all.npy[5]", 5), ("one.npy", 1), ("0.png", 0), ("named.npz[1]", 3), ("only.npz", 4):
        assert found[name][0]["score"] == pytest.approx(expected[row].max(), abs=1e-5), name


def test_blobs_are_saved(command, served, files, here):
    done = command("run", *served, *files[0], "--blobs", "fc,conv", "-o", "features.npz", "--batch", 4)
    assert done.out.splitlines() == ["features.npz: fc 6x3", "features.npz: conv 6x6x3x3"]
    arrays = np.load("features.npz")
    net = protonet.Net(str(served[0]), str(served[1]), protonet.TEST)
    net.blobs["data"].reshape(6, 3, 8, 7)
    net.forward(data=seen(files[1]))
    for name in "fc", "conv":
        np.testing.assert_allclose(arrays[name], net.blobs[name].data, atol=1e-4)
    assert command("run", *served, "0.png", "--blobs", "fc", "-o", "f.npz", "--json").out.startswith('{"file": "0.png"')


def test_flags_win_over_what_the_prototxt_carries(command, served, files, here):
    images = files[1]
    save_mean("mean.binaryproto", np.full((3, 8, 7), 7, "f4"))
    for words, x in (
        (
            ["--mean", "10,20,30", "--scale", "0.02"],
            (images - np.array([10, 20, 30], "f4")[:, None, None]) * np.float32(0.02),
        ),
        (["--mean=50"], (images - np.float32(50)) * np.float32(0.01)),
        (["--mean", "mean.binaryproto"], (images - np.float32(7)) * np.float32(0.01)),
        (["--rgb"], seen(images[:, ::-1])),
    ):
        score = tops(command("run", *served, "2.png", "--json", *words).out)["2.png"][0]["score"]
        assert score == pytest.approx(probabilities(served, x)[2].max(), abs=1e-5), words


def test_images_are_resized_and_the_middle_taken(command, served, here):
    image = np.random.default_rng(0).integers(0, 255, (30, 20, 3), np.uint8)
    cv2.imwrite("big.png", image)
    for words, size in ([], (8, 7)), (["--resize", "12,11"], (12, 11)), (["--resize=9"], (9, 9)):
        small = cv2.resize(image, size[::-1]).transpose(2, 0, 1)
        y, x = (size[0] - 8) // 2, (size[1] - 7) // 2
        expected = probabilities(served, seen(small[None, :, y : y + 8, x : x + 7]))[0]
        found = tops(command("run", *served, "big.png", "--json", *words).out)["big.png"]
        assert found[0]["score"] == pytest.approx(expected.max(), abs=1e-5), words


def test_grey_images_become_what_the_net_takes(command, served, here):
    cv2.imwrite("grey.png", np.full((8, 7), 90, np.uint8))
    done = command("run", *served, "grey.png")
    assert done.code == 0
    assert len(done.out.splitlines()) == 1 + CLASSES


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gone.png"], "gone.png"),
        (["gone.npy"], "gone.npy: cannot be read: No such file or directory"),
        (["text.txt"], "text.txt"),
        (["0.png", "--blobs", "fc"], "--blobs needs -o FILE.npz to save them in"),
        (["0.png", "-o", "f.npz"], "-o needs --blobs"),
        (["0.png", "--blobs", "nothing", "-o", "f.npz"], "the net has no blob 'nothing' to keep"),
        (["0.png", "--output", "nothing"], "the net has no output 'nothing': it has prob"),
        (["0.png", "--labels", "gone.txt"], "gone.txt: the labels cannot be read: No such file"),
        (["0.png", "--resize", "big"], "--resize takes H,W, found 'big'"),
        (["0.png", "--resize", "4,4"], "an image of 4 x 4 is smaller than the net's input, 8 x 7"),
        (["0.png", "--mean", "1,2"], "2 values in mean_value for images of 3 channels"),
        (["0.png", "--mean", "gone.binaryproto"], "gone.binaryproto"),
        (["0.png", "--top", "0"], "--top must be at least 1, found 0"),
        (["wide.npy"], "layer 'conv': its weights are (6, 3, 3, 3); inputs of this size would need (6, 5, 3, 3)"),
    ],
)
def test_what_cannot_be_is_one_line(words, message, command, served, files, here):
    (here / "text.txt").write_text("no image")
    np.save("wide.npy", np.zeros((1, 5, 8, 7), "f4"))
    done = command("run", *served, *words)
    assert done.code == 1, done.out
    assert message in done.err.splitlines()[-1]
    assert "Traceback" not in done.err
