import pytest

from protonet.errors import NetError
from protonet.layers import TEST, TRAIN, make
from protonet.proto import caffe_pb2


def parameter(**fields):
    return caffe_pb2.LayerParameter(name="it", bottom=["x"], top=["y"], **fields)


def test_a_layer_knows_its_parameters_and_its_phase():
    layer = make(parameter(type="ReLU"), TEST)
    assert (layer.type, layer.name, layer.phase, layer.spec.negative_slope) == ("ReLU", "it", TEST, 0)


def test_the_layers_own_phase_wins():
    assert make(parameter(type="ReLU", phase=TRAIN), TEST).phase == TRAIN


def test_an_unknown_type_is_refused_with_the_one_that_was_meant():
    with pytest.raises(NetError, match=r"unknown layer type 'Batchnorm' \(did you mean 'BatchNorm'\?\)"):
        make(parameter(type="Batchnorm"))
    with pytest.raises(NetError, match="unknown layer type 'Qx': no such layer"):
        make(parameter(type="Qx"))


def test_parameters_that_nobody_knows_are_refused():
    with pytest.raises(NetError, match="ReLU has no my_param"):
        make(parameter(type="ReLU", unparsed=["my_param { a: 1 }"]))


def test_nets_in_integers_are_refused():
    quantized = parameter(type="Sigmoid")
    quantized.sigmoid_param.input_scale = 0.5
    with pytest.raises(NetError, match="input_scale is a fork's, and Sigmoid does not know it here"):
        make(quantized)


@pytest.mark.parametrize(
    ("kind", "spec", "field", "value"),
    [
        ("Convolution", "convolution_param", "weight_scale", 2),
        ("Convolution", "convolution_param", "kernel_depth", 3),
        ("InnerProduct", "inner_product_param", "weight_zero_point", 3),
        ("Pooling", "pooling_param", "temporal_stride", 2),
        ("SmoothL1Loss", "smooth_l1_loss_param", "abssum", False),
    ],
)
def test_what_forks_add_is_not_passed_over(kind, spec, field, value):
    said = caffe_pb2.LayerParameter(name="it", type=kind, bottom=["x", "z"][: 1 + kind.endswith("Loss")], top=["y"])
    setattr(getattr(said, spec), field, value)
    with pytest.raises(NetError, match=f"{field} is a fork's, and {kind} does not know it here"):
        make(said)


def test_what_says_the_default_is_no_matter():
    said = parameter(type="Sigmoid")
    said.sigmoid_param.input_scale = 1
    assert make(said).type == "Sigmoid"


def test_wrong_counts_are_refused():
    with pytest.raises(NetError, match="takes 1 bottom, found 2"):
        make(caffe_pb2.LayerParameter(name="it", type="ReLU", bottom=["x", "x"], top=["y"]))
    with pytest.raises(NetError, match="takes 1 top, found 0"):
        make(caffe_pb2.LayerParameter(name="it", type="ReLU", bottom=["x"]))
