"""Old nets become what Caffe's upgrade tools make of them, to the letter."""

import logging
import re

import numpy as np
import pytest
from google.protobuf import text_format

from protonet.errors import NetError, SolverError
from protonet.proto import caffe_pb2
from protonet.prototxt.upgrade import SOLVERS, upgrade_net, upgrade_solver
from protonet.prototxt.upgrade_v0 import TYPES
from protonet.prototxt.upgrade_v1 import PARAM
from tests.conftest import GOLDEN, files

UPGRADE = GOLDEN / "upgrade"
CASES = [path.name.removesuffix(".in.prototxt") for path in files(UPGRADE, "*.in.prototxt")]


def read(text, kind="NetParameter"):
    return text_format.Parse(text, getattr(caffe_pb2, kind)())


def printed(message):
    """As Caffe prints it: C++ writes 1 where Python writes 1.0."""
    return re.sub(r"(: -?\d+)\.0$", r"\1", text_format.MessageToString(message), flags=re.MULTILINE)


def upgraded(text):
    net = read(text)
    return net, upgrade_net(net)


@pytest.mark.parametrize("name", CASES)
def test_every_old_file_becomes_what_caffe_makes_of_it(name, golden):
    text = (UPGRADE / f"{name}.in.prototxt").read_text()
    out = UPGRADE / f"{name}.out.prototxt"
    is_solver = name.startswith("solver")
    message = read(text, "SolverParameter" if is_solver else "NetParameter")
    upgrade = upgrade_solver if is_solver else upgrade_net
    if out.exists():
        upgrade(message)
        assert printed(message) == out.read_text()
    else:
        with pytest.raises(SolverError if is_solver else NetError, match=r"found both .* expected one"):
            upgrade(message)


@pytest.mark.parametrize("name", [path.name for path in files(UPGRADE, "v*.out.prototxt")])
def test_an_upgraded_file_is_upgraded_no_further(name, golden):
    net = read((UPGRADE / name).read_text())
    again = caffe_pb2.NetParameter.FromString(net.SerializeToString())
    assert upgrade_net(again) == list(range(len(net.layer)))
    assert again == net


@pytest.mark.parametrize("name", ["v0model", "v1model"])
def test_old_weight_files_keep_their_numbers(name, golden):
    net = caffe_pb2.NetParameter.FromString((UPGRADE / f"{name}.caffemodel").read_bytes())
    upgrade_net(net)
    assert not net.layers
    with np.load(UPGRADE / f"{name}.npz") as expected:
        blobs = {f"param/{layer.name}/{i}": b for layer in net.layer for i, b in enumerate(layer.blobs)}
        for key in [key for key in expected if key.startswith("param/")]:
            np.testing.assert_array_equal(np.float32(blobs[key].data), expected[key].ravel())


def test_a_2014_weight_file_becomes_the_one_caffe_writes(golden):
    net = caffe_pb2.NetParameter.FromString((UPGRADE / "v1model.caffemodel").read_bytes())
    upgrade_net(net)
    assert net == caffe_pb2.NetParameter.FromString((UPGRADE / "v1model.upgraded.caffemodel").read_bytes())


def test_origins_tell_which_layer_of_the_file_each_one_was():
    net, origins = upgraded("""
        input: "x" input_dim: 1 input_dim: 1 input_dim: 4 input_dim: 4
        layers { layer { name: "p" type: "padding" pad: 2 } bottom: "x" top: "p" }
        layers { layer { name: "c" type: "conv" kernelsize: 3 num_output: 1 } bottom: "p" top: "c" }
        layers { layer { name: "r" type: "relu" } bottom: "c" top: "c" }
    """)
    assert [layer.name for layer in net.layer] == ["input", "c", "r"]
    assert origins == [None, 1, 2]
    assert upgraded('layer { name: "a" type: "ReLU" } layer { name: "b" type: "ReLU" }')[1] == [0, 1]


def test_one_padding_may_feed_two_layers():
    net, _ = upgraded("""
        input: "x" input_dim: 1 input_dim: 1 input_dim: 4 input_dim: 4
        layers { layer { name: "p" type: "padding" pad: 1 } bottom: "x" top: "p" }
        layers { layer { name: "c" type: "conv" kernelsize: 3 num_output: 1 } bottom: "p" top: "c" }
        layers { layer { name: "m" type: "pool" kernelsize: 3 } bottom: "p" top: "m" }
    """)
    assert list(net.layer[1].convolution_param.pad) == [1]
    assert net.layer[2].pooling_param.pad == 1
    assert [list(layer.bottom) for layer in net.layer] == [[], ["x"], ["x"]]


def test_an_empty_transform_param_is_made_once_one_data_layer_has_old_fields():
    net, _ = upgraded("layers { type: DATA data_param { scale: 2 } } layers { type: IMAGE_DATA } layers { type: RELU }")
    assert [layer.HasField("transform_param") for layer in net.layer] == [True, True, False]
    net, _ = upgraded("layers { type: DATA data_param { source: 'x' } } layers { type: IMAGE_DATA }")
    assert [layer.HasField("transform_param") for layer in net.layer] == [False, False]


def test_inputs_without_any_shape_are_dropped_from_weight_files():
    net, origins = upgraded('input: "x" layer { name: "r" type: "ReLU" bottom: "x" top: "y" blobs { data: 1 } }')
    assert not net.input
    assert origins == [0]
    net, _ = upgraded('input: "x" layer { name: "d" type: "Data" top: "x" } layer { type: "ReLU" bottom: "x" }')
    assert not net.input


def test_a_field_that_means_nothing_to_its_type_is_named_in_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        upgraded('layers { layer { name: "i" type: "im2col" kernelsize: 3 } }')
    assert "layer 'i': kernelsize means nothing to type \"im2col\"" in caplog.text


def test_only_three_params_of_batch_norm_are_zeroed():
    for count in (1, 2, 3, 4):
        net, _ = upgraded('layer { type: "BatchNorm" %s }' % ('param { name: "n" lr_mult: 2 } ' * count))
        want = 0 if count == 3 else 2
        assert [spec.lr_mult for spec in net.layer[0].param] == [want] * count
        assert {spec.name for spec in net.layer[0].param} == {"n"}


def test_every_old_solver_number_has_its_name():
    names = [value.name for value in caffe_pb2.SolverParameter.SolverType.DESCRIPTOR.values]
    assert [name.upper() for name in SOLVERS] == names


def test_every_2014_field_has_its_place_today():
    today = caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name
    for field in caffe_pb2.V1LayerParameter.DESCRIPTOR.fields:
        if field.name in (*PARAM, "layer", "type"):
            continue
        assert field.message_type == today[field.name].message_type, field.name


def test_the_types_of_forks_are_upgraded_too():
    net, _ = upgraded("""
        layers { type: CROP } layers { type: IMAGE_SEG_DATA image_data_param { label_type: PIXEL } }
        layers { type: INTERP interp_param { zoom_factor: 8 } } layers { type: MULTI_STAGE_MEANFIELD }
    """)
    assert [layer.type for layer in net.layer] == ["Crop", "ImageSegData", "Interp", "MultiStageMeanfield"]
    assert net.layer[2].interp_param.zoom_factor == 8


def test_every_2013_type_is_named_and_its_fields_exist():
    for name, (kind, where, takes) in TYPES.items():
        layer = caffe_pb2.V1LayerParameter(type=caffe_pb2.V1LayerParameter.LayerType.Value(kind))
        inside = getattr(layer, where) if where else layer
        for pair in takes.split():
            old, new = (pair.split(":") * 2)[:2]
            assert old in caffe_pb2.V0LayerParameter.DESCRIPTOR.fields_by_name, (name, old)
            assert new in inside.DESCRIPTOR.fields_by_name, (name, new)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'input: "a" input: "b" input_shape { dim: 1 }',
            "expected one input_shape per input, found 1 for 2: 'a', 'b'",
        ),
        ('input: "a" input_dim: 1 input_dim: 2', "expected 4 input_dim per input, so 4, found 2: 'a'"),
        (
            'input: "x" layer { name: "r" bottom: "x" }',
            "layer 'r': found no shape for the input 'x', expected input_shape",
        ),
        ('layer { name: "a" } layers { name: "b" }', "found both `layer"),
        ('layers { layer { name: "q" type: "quux" } }', "layer 'q': unknown type \"quux\""),
        (
            'layers { layer { name: "q" type: "relu" } bottom: "z" }',
            "layer 'q': bottom 'z' is made by no layer before it",
        ),
        (
            'input: "x" layers { layer { name: "p" type: "padding" } bottom: "x" top: "p" } '
            'layers { layer { name: "r" type: "relu" } bottom: "p" }',
            "layer 'r': expected a conv or pool layer after the padding layer 'p', found type \"relu\"",
        ),
        (
            'input: "x" layers { layer { name: "p" type: "padding" } bottom: "x" top: "p" } '
            'layers { layer { name: "c" type: "conv" } bottom: "p" bottom: "x" }',
            "layer 'c': expected one bottom.* found 2, 1 and 1",
        ),
    ],
)
def test_what_cannot_be_upgraded_is_refused_with_its_cause(text, message):
    with pytest.raises(NetError, match=message):
        upgraded(text)
