import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError, NetError, ShapeError
from protonet.proto import caffe_pb2
from tests.naive.infogain_loss import infogain_loss
from tests.naive.softmax import softmax
from tests.naive.softmax_loss import softmax_loss
from tests.tools import check_gradient, layer, run


def text(more="", top=""):
    return f'type: "InfogainLoss" {top} {more}'


@pytest.mark.parametrize(("shape", "axis"), [((6, 5), 1), ((2, 5, 3, 4), 1), ((2, 3, 5), -1)])
@pytest.mark.parametrize("ignore", [None, 1])
def test_agrees_with_numpy(shape, axis, ignore, rng):
    x, label, H = rng.normal(size=shape), rng.integers(0, 5, np.delete(shape, axis)), rng.random((5, 5))
    ignored = "" if ignore is None else f"loss_param {{ ignore_label: {ignore} }}"
    it = layer(text(f"infogain_loss_param {{ axis: {axis} }} {ignored}"), shape, label.shape, H.shape)
    _, (loss,) = run(it, x, label, H)
    assert_allclose(loss.data, infogain_loss(x, label, H, axis, ignore), rtol=2e-6)


def test_the_identity_makes_it_softmax_with_loss(rng):
    x, label = rng.normal(size=(6, 5)), rng.integers(0, 5, 6)
    _, (loss,) = run(layer(text(), x.shape, label.shape, (1, 1, 5, 5)), x, label, np.eye(5))
    assert_allclose(loss.data, softmax_loss(x, label), rtol=1e-6)


def test_the_matrix_may_come_from_a_file(tmp_path, rng):
    x, label, H = rng.normal(size=(4, 3)), rng.integers(0, 3, 4), rng.random((3, 3))
    blob = caffe_pb2.BlobProto(data=H.ravel())
    path = tmp_path / "H.binaryproto"
    path.write_bytes(blob.SerializeToString())
    it = layer(text(f'infogain_loss_param {{ source: "{path.as_posix()}" }}'), x.shape, label.shape)
    _, (loss,) = run(it, x, label)
    assert_allclose(loss.data, infogain_loss(x, label, H), rtol=2e-6)
    check_gradient(it, x, label)


def test_a_second_top_is_the_probabilities(rng):
    x, label, H = rng.normal(size=(4, 3)), rng.integers(0, 3, 4), rng.random((3, 3))
    _, (_, p) = run(layer(text(top='top: "loss" top: "p"'), x.shape, label.shape, H.shape, silent={1}), x, label, H)
    assert_allclose(p.data, softmax(x), rtol=2e-6)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 2)])
def test_gradient(shape, rng):
    label = rng.integers(0, 3, np.delete(shape, 1))
    it = layer(text("loss_param { ignore_label: 2 }"), shape, label.shape, (3, 3))
    check_gradient(it, rng.normal(size=shape), label, rng.random((3, 3)))


def test_a_missing_matrix_is_refused(tmp_path):
    with pytest.raises(NetError, match=r"a third bottom, or a BlobProto .* found neither"):
        layer(text(), (4, 3), (4,))
    with pytest.raises(DataError, match="cannot read the matrix H: No such file"):
        layer(text('infogain_loss_param { source: "nowhere" }'), (4, 3), (4,))
    (tmp_path / "bad").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="cannot read the matrix H: no BlobProto"):
        layer(text(f'infogain_loss_param {{ source: "{(tmp_path / "bad").as_posix()}" }}'), (4, 3), (4,))


def test_a_matrix_of_another_size_is_refused():
    with pytest.raises(ShapeError, match="H has 3 x 3 numbers for 3 classes, found 4"):
        layer(text(), (4, 3), (4,), (2, 2))
