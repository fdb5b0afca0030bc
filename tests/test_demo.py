"""The demo's parts: its data, its nets, its picture."""

import numpy as np
import pytest

import protonet
from protonet import demo
from protonet.data.database import open_database
from protonet.data.datum import parse
from protonet.prototxt.parse import load

cv2 = pytest.importorskip("cv2")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, *demo.prepare(folder)


def labels(path):
    source = open_database(str(path))
    try:
        return [parse(value).label for _, value in source.records()]
    finally:
        source.close()


def test_all_digits_are_used_once_for_training_or_for_testing(prepared):
    folder, images, answers = prepared
    train, test = labels(folder / "train_lmdb"), labels(folder / "test_lmdb")
    assert (len(train), len(test)) == (demo.TRAINED, 1797 - demo.TRAINED)
    assert test == answers.tolist()
    assert len(images) == len(test)
    assert min(np.bincount(train)) > 100
    assert min(np.bincount(test)) > 20


def test_the_images_are_digits_of_the_test_set_by_their_names(prepared):
    folder, images, answers = prepared
    for digit in range(demo.SHOWN):
        image = cv2.imread(str(folder / "digits" / f"{digit}.png"), cv2.IMREAD_GRAYSCALE)
        (at,) = [i for i in range(len(images)) if np.array_equal(images[i], image)][:1]
        assert answers[at] == digit


def test_the_prototxts_are_right(prepared):
    folder, *_ = prepared
    for phase in protonet.TRAIN, protonet.TEST:
        net = protonet.Net(str(folder / "train_val.prototxt"), phase)
        assert [layer.type for layer in net.layers].count("BatchNorm") == 4
    solver = load(folder / "solver.prototxt", "SolverParameter").message
    assert solver.max_iter == demo.ITERATIONS
    # the test net goes through all test digits once
    assert solver.test_iter[0] * net.blobs["data"].num == 1797 - demo.TRAINED


def test_what_the_net_gets_wrong_is_shown_first():
    images, answers = np.arange(100), np.zeros(100, int)
    truth = answers.copy()
    truth[[7, 93]] = 1
    shown, said, given = demo.shown(images, truth, answers)
    assert shown[:3].tolist() == [7, 93, 0]
    assert len(shown) == 60
    assert said[:3].tolist() == [1, 1, 0]
    assert not given.any()


def test_the_picture_has_a_field_for_each_digit(tmp_path):
    images = np.zeros((14, 8, 8), np.uint8)
    demo.picture(tmp_path / "sheet.png", images, np.zeros(14, int), np.arange(14) % 2)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet.shape == (2 * 68 + 8, 12 * 56 + 8, 3)
    red = (sheet[..., 2] > 180) & (sheet[..., 1] < 60)
    green = (sheet[..., 1] > 120) & (sheet[..., 2] < 60)
    assert red.any()
    assert green.any()
