import pytest

from protonet.errors import NetError, ShapeError
from protonet.kernels.labels import NO_LABEL
from protonet.layers.loss import BATCH_SIZE, classes, divisor, ignored
from protonet.net import Net
from protonet.proto.caffe_pb2 import TRAIN, LossParameter, NetParameter


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


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        ("EuclideanLoss", [(0, 3), (0, 3)]),
        ("SmoothL1Loss", [(0, 3), (0, 3)]),
        ("L1Loss", [(0, 3), (0, 3)]),
        ("HingeLoss", [(0, 3), (0,)]),
        ("MultinomialLogisticLoss", [(0, 3), (0,)]),
        ("ContrastiveLoss", [(0, 3), (0, 3), (0,)]),
        ("SoftmaxWithLoss", [(4, 5, 0), (4, 1, 0)]),
        ("SigmoidCrossEntropyLoss", [(0, 3), (0, 3)]),
    ],
)
def test_a_loss_of_no_images_is_0_and_sends_no_gradient(kind, shapes):
    net = NetParameter(force_backward=True)
    for i, shape in enumerate(shapes):
        net.layer.add(name=f"in{i}", type="Input", top=[f"in{i}"]).input_param.shape.add().dim.extend(shape)
    net.layer.add(name="loss", type=kind, bottom=[f"in{i}" for i in range(len(shapes))], top=["loss"])
    made = Net(net, TRAIN)
    assert made.forward_layers() == 0
    made.backward_layers()
