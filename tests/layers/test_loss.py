import pytest

from protonet.errors import NetError, ShapeError
from protonet.kernels.labels import NO_LABEL
from protonet.layers.loss import BATCH_SIZE, classes, divisor, ignored
from protonet.proto.caffe_pb2 import LossParameter


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 0),
        ({"normalization": 0}, 12),
        ({"normalization": 1}, 0),
        ({"normalization": 2}, 3),
        ({"normalization": 3}, 1),
        ({"normalization": 500000003, "pre_fixed_normalizer": 7}, 7),
        ({"normalize": True}, 0),
        ({"normalize": False}, 3),
        ({"normalize": False, "normalization": 0}, 12),
    ],
)
def test_what_a_loss_is_divided_by(options, expected):
    assert divisor(LossParameter(**options), 3, 4) == expected


def test_a_loss_may_have_another_default():
    assert divisor(LossParameter(), 3, 4, default=BATCH_SIZE) == 3


def test_what_only_a_fork_means_is_refused():
    with pytest.raises(NetError, match="label_smoothing is a fork's"):
        divisor(LossParameter(label_smoothing=0.1), 3, 4)


def test_no_ignore_label_ignores_nothing():
    assert ignored(LossParameter()) == NO_LABEL
    assert ignored(LossParameter(ignore_label=0)) == 0


def test_labels_are_counted_and_not_shaped():
    assert classes(1, (2, 5, 3, 4), (24,)) == (2, 5, 12)
    with pytest.raises(ShapeError, match="expected 24 labels"):
        classes(1, (2, 5, 3, 4), (2, 4))
