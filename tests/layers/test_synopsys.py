"""Synopsys' Python layers, built in: each by hand, with shapes that are known before it runs."""

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose

import protonet
from protonet.errors import NetError, ShapeError
from protonet.layers import TEST, make
from protonet.proto import caffe_pb2

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def made(module, kind, said, bottoms=1):
    sides = "".join(f' bottom: "x{i}"' for i in range(bottoms))
    spec = f'module: "{module}" layer: "{kind}" param_str: "{said}"'
    text = f'name: "it" type: "Python" {sides} top: "y" python_param {{ {spec} }}'
    return make(text_format.Parse(text, caffe_pb2.LayerParameter()), TEST)


def computed(it, *xs):
    """What comes out, of the shape that was told."""
    xs = [np.asarray(x, np.float32) for x in xs]
    (shape,) = it.infer(*(x.shape for x in xs))
    blobs = [protonet.layers.python.PythonBlob(x.shape, x) for x in xs]
    top = protonet.layers.python.PythonBlob(shape)
    it.user.forward(blobs, [top])
    assert top.data.dtype == np.float32
    return top.data


@pytest.mark.parametrize(
    ("operation", "expected"),
    [(0, [[2, 4], [6, 8]]), (1, [[0, 1], [-1, 0]]), (2, [[2, 2], [3, 4]]), (3, [[0.5, 1], [1, 4 / 3]]),
     (4, [[1, 2], [3, 3]])],
)  # fmt: skip
def test_eltwise_spreads_as_numpy_does(operation, expected):
    said = f"{{'operation': {operation}, 'coeff': [1, -1]}}"
    a, b = [[1, 2], [3, 4]], [[2, 2], [3, 3]]
    if operation in (0, 1):
        b = [[2]] if operation == 0 else [[1], [4]]
    assert_allclose(computed(made("eltwise", "Eltwise", said, 2), a, b), expected)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("{'begin': [0, 1], 'end': [2, 3]}", X[:, 1:3]),
        ("{'begin': [0, 2, 3], 'end': [2, 0, 0], 'strides': [1, -1, -2]}", X[:, 2:0:-1, 3:0:-2]),
        ("{'begin': [1, 1], 'end': [9, 2], 'begin_mask': 1, 'end_mask': 2}", X[:, 1:]),
        ("{'begin': [1, 1], 'end': [2, 9], 'shrink_axis_mask': 1, 'ellipsis_mask': 2}", X[1]),
    ],
)
def test_strided_slice(said, expected):
    assert_allclose(computed(made("slice", "StridedSlice", said), X), expected)


def test_stack():
    assert_allclose(computed(made("stack", "StackTensors", "1", 2), X, X + 1), np.stack([X, X + 1], 1))


@pytest.mark.parametrize(("kind", "expected"), [("Mean", 11.5), ("Sum", 276), ("Prod", 0)])
def test_statistics(kind, expected):
    assert computed(made("statistics", kind, "{'axis': [0, 1, 2], 'keepdims': False}"), X) == expected
    assert computed(made("statistics", kind, "{'axis': [0, 2], 'keepdims': True}"), X).shape == (1, 3, 1)


def test_pads():
    pads = "[[0, 0], [1, 0], [0, 2]]"
    assert computed(made("pads", "Pad", pads), X)[0, 0].sum() == 0
    filled = computed(made("pads", "PadV2", f"{{'paddings': {pads}, 'constant_values': 7}}"), X)
    assert_allclose(filled[1, 1], [12, 13, 14, 15, 7, 7])
    mirrored = computed(made("pads", "MirrorPad", f"{{'paddings': {pads}, 'mode': 'REFLECT'}}"), X)
    assert_allclose(mirrored[0, 1], [0, 1, 2, 3, 2, 1])


def test_matrix_inverse():
    assert_allclose(computed(made("matrix_inverse", "MatrixInverse", ""), [[2, 0], [0, 4]]), [[0.5, 0], [0, 0.25]])


def test_refusals():
    with pytest.raises(NetError, match="Eltwise takes 2 bottoms and gives 1 top: found 1 and 1"):
        made("eltwise", "Eltwise", "{}").infer((2,))
    with pytest.raises(NetError, match="param_str is a Python value"):
        made("stack", "StackTensors", "axis 1").infer((2,))
    with pytest.raises(ShapeError, match=r"does not suit \(2, 3\), \(2, 4\)"):
        made("eltwise", "Eltwise", "{'operation': 0}", 2).infer((2, 3), (2, 4))
    with pytest.raises(ShapeError, match="square matrix"):
        made("matrix_inverse", "MatrixInverse", "").infer((2, 3))
    with pytest.raises(NetError, match="new_axis_mask"):
        made("slice", "StridedSlice", "{'begin': [0], 'end': [1], 'new_axis_mask': 1}").infer((2, 3))
