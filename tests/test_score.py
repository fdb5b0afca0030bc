"""How often a deploy net is right, counted by hand."""

import numpy as np
import pytest

import protonet
from protonet.data import convert
from protonet.data.store import store
from protonet.errors import DataError, ProtonetError
from protonet.proto import caffe_pb2
from protonet.prototxt import parse
from protonet.score import score
from tests.net.tools import data, layer, net

CLASSES = 7
# the score of class k is pixel k
TEXT = data(1, 1, 1, CLASSES) + layer("flat", "Flatten", "data", "flat") + layer("same", "Power", "flat", "scores")


@pytest.fixture
def model():
    return protonet.load(parse.loads(TEXT), net(TEXT).weights())


@pytest.fixture
def database(tmp_path, rng):
    images = np.stack([rng.permutation(CLASSES) for _ in range(23)]).astype(np.uint8) * 30
    labels = rng.integers(0, CLASSES, 23)
    convert.write(tmp_path / "db", images[:, None, None], labels)
    return tmp_path / "db", images, labels


@pytest.mark.parametrize("batch", [1, 4, 23, 64])
def test_the_shares_are_those_counted_by_hand(model, database, batch):
    path, images, labels = database
    ranks = np.array([(row > row[label]).sum() for row, label in zip(images, labels, strict=True)])
    seen = []
    found = score(model, path, batch=batch, ks=(1, 3, 5), progress=seen.append)
    assert found.top == {k: pytest.approx((ranks < k).mean()) for k in (1, 3, 5)}
    assert (found.count, found.output) == (23, "scores")
    assert seen[-1] == 23


def test_a_tie_is_wrong_as_accuracy_counts(model, tmp_path):
    images = np.full((1, 1, 1, CLASSES), 9, np.uint8)
    convert.write(tmp_path / "db", images, [2])
    assert score(model, tmp_path / "db").top == {1: 0, 5: 0}


def test_more_places_than_classes_say_nothing(model, database):
    assert set(score(model, database[0], ks=(1, 5, 7, 20)).top) == {1, 5}


def test_another_output_may_be_scored(model, database):
    model = protonet.load(parse.loads(TEXT), net(TEXT).weights(), keep=["flat"])
    assert score(model, database[0], output="flat").output == "flat"
    with pytest.raises(DataError, match="the net has no output 'nothing': it has scores, flat"):
        score(model, database[0], output="nothing")


def test_labels_that_the_net_does_not_know_are_refused(model, database, tmp_path):
    convert.write(tmp_path / "other", database[1][:, None, None], np.full(23, CLASSES))
    with pytest.raises(DataError, match="labels go from 7 to 7, 'scores' has 7 scores"):
        score(model, tmp_path / "other")


def test_numbers_are_scored_as_they_are(model, tmp_path):
    """A database of floats, which no image could hold."""
    rows = np.array([[0.1, 0.2, 0.3, 0, 0, 0, 0], [-5, -0.5, -3, -4, -6, -7, -8]])
    datums = [
        caffe_pb2.Datum(channels=1, height=1, width=CLASSES, float_data=row, label=label).SerializeToString()
        for row, label in zip(rows, (2, 1), strict=True)
    ]
    store(tmp_path / "db", ((b"%08d" % i, datum) for i, datum in enumerate(datums)), True)
    assert score(model, tmp_path / "db").top[1] == 1


def test_an_empty_or_absent_database_is_refused(model, tmp_path):
    with pytest.raises(ProtonetError, match="gone"):
        score(model, tmp_path / "gone")
    store(tmp_path / "empty", iter(()), True)
    with pytest.raises(DataError, match="empty"):
        score(model, tmp_path / "empty")
