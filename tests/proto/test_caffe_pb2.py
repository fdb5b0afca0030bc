"""The schema is Caffe's on the wire and in text, and its classes are nobody else's."""

import importlib.util
import subprocess
import sys
import textwrap

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool

from protonet.proto import caffe_pb2, compile

FILE = descriptor_pb2.FileDescriptorSet.FromString(compile.COMPILED.read_bytes()).file[0]

# what BVLC's own files say, by number: a sample of every kind of field
NUMBERS = {
    "BlobProto": {"num": 1, "data": 5, "diff": 6, "shape": 7, "double_data": 8, "double_diff": 9},
    "Datum": {"channels": 1, "height": 2, "width": 3, "data": 4, "label": 5, "float_data": 6, "encoded": 7},
    "NetParameter": {"name": 1, "layers": 2, "input": 3, "input_dim": 4, "input_shape": 8, "layer": 100},
    "NetStateRule": {"phase": 1, "min_level": 2, "max_level": 3, "stage": 4, "not_stage": 5},
    "ParamSpec": {"name": 1, "share_mode": 2, "lr_mult": 3, "decay_mult": 4},
    "LayerParameter": {
        "name": 1,
        "type": 2,
        "bottom": 3,
        "top": 4,
        "loss_weight": 5,
        "param": 6,
        "blobs": 7,
        "include": 8,
        "exclude": 9,
        "phase": 10,
        "propagate_down": 11,
        "transform_param": 100,
        "loss_param": 101,
        "convolution_param": 106,
        "inner_product_param": 117,
        "pooling_param": 121,
        "softmax_param": 125,
        "python_param": 130,
        "batch_norm_param": 139,
        "scale_param": 142,
        "input_param": 143,
        "recurrent_param": 146,
        "swish_param": 147,
        "clip_param": 148,
        "prior_box_param": 203,
        "roi_pooling_param": 8266711,
    },
    "ConvolutionParameter": {"num_output": 1, "pad": 3, "group": 5, "stride": 6, "engine": 15, "dilation": 18},
    "PoolingParameter": {"pool": 1, "kernel_size": 2, "stride": 3, "pad": 4, "global_pooling": 12, "round_mode": 13},
    "SolverParameter": {
        "train_net": 1,
        "base_lr": 5,
        "solver_mode": 17,
        "net": 24,
        "solver_type": 30,
        "iter_size": 36,
        "type": 40,
        "layer_wise_reduce": 41,
        "weights": 42,
    },
    "SolverState": {"iter": 1, "learned_net": 2, "history": 3, "current_step": 4},
    "V1LayerParameter": {"layer": 1, "bottom": 2, "type": 5, "blobs": 6, "param": 1001, "blob_share_mode": 1002},
    "V0LayerParameter": {"kernelsize": 8, "blobs": 50, "hdf5_output_param": 1001},
}

DEFAULTS = {
    "ParamSpec": {"lr_mult": 1, "decay_mult": 1, "share_mode": 0},
    "NetState": {"phase": 1, "level": 0},
    "FillerParameter": {"type": "constant", "max": 1, "std": 1, "sparse": -1, "variance_norm": 0},
    "TransformationParameter": {"scale": 1, "mirror": False, "crop_size": 0, "force_color": False},
    "LossParameter": {"normalization": 1},
    "BatchNormParameter": {"moving_average_fraction": 0.999, "eps": 1e-5},
    "ConvolutionParameter": {"bias_term": True, "group": 1, "axis": 1, "engine": 0},
    "DataParameter": {"backend": 0, "prefetch": 4, "batch_size": 0},
    "DropoutParameter": {"dropout_ratio": 0.5},
    "EltwiseParameter": {"operation": 1, "stable_prod_grad": True},
    "ExpParameter": {"base": -1, "scale": 1, "shift": 0},
    "ImageDataParameter": {"batch_size": 1, "is_color": True},
    "InnerProductParameter": {"bias_term": True, "axis": 1, "transpose": False},
    "LRNParameter": {"local_size": 5, "alpha": 1, "beta": 0.75, "k": 1, "norm_region": 0},
    "MVNParameter": {"normalize_variance": True, "across_channels": False, "eps": 1e-9},
    "PoolingParameter": {"pool": 0, "stride": 1, "round_mode": 0, "ceil_mode": True},
    "ReductionParameter": {"operation": 1, "axis": 0, "coeff": 1},
    "ReshapeParameter": {"axis": 0, "num_axes": -1},
    "ScaleParameter": {"axis": 1, "num_axes": 1, "bias_term": False},
    "SolverParameter": {
        "solver_mode": 1,
        "momentum2": 0.999,
        "rms_decay": 0.99,
        "delta": 1e-8,
        "clip_gradients": -1,
        "random_seed": -1,
        "test_initialization": True,
        "snapshot_format": 1,
        "snapshot_after_train": True,
        "regularization_type": "L2",
        "iter_size": 1,
        "average_loss": 1,
        "type": "SGD",
    },
    "WindowDataParameter": {"fg_threshold": 0.5, "fg_fraction": 0.25, "crop_mode": "warp"},
}


def descriptor(name):
    return getattr(caffe_pb2, name).DESCRIPTOR


def test_the_committed_descriptors_are_made_from_the_schema():
    if importlib.util.find_spec("grpc_tools") is None:
        pytest.skip("grpcio-tools is not installed")
    fresh = descriptor_pb2.FileDescriptorSet.FromString(compile.compiled())
    committed = descriptor_pb2.FileDescriptorSet.FromString(compile.COMPILED.read_bytes())
    assert fresh == committed, "run python -m protonet.proto.compile"


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_those_of_caffe(name):
    found = {field: descriptor(name).fields_by_name[field].number for field in NUMBERS[name]}
    assert found == NUMBERS[name]


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_those_of_caffe(name):
    message = getattr(caffe_pb2, name)()
    found = {field: getattr(message, field) for field in DEFAULTS[name]}
    assert found == {f: pytest.approx(v) if isinstance(v, float) else v for f, v in DEFAULTS[name].items()}


def test_required_fields_are_those_of_caffe_and_of_its_forks():
    required = {f"{m.name}.{f.name}" for m in FILE.message_type for f in m.field if f.label == f.LABEL_REQUIRED}
    assert {"ClipParameter.min", "ClipParameter.max", "PSROIPoolingParameter.output_dim"} <= required
    assert not {name for name in required if name.startswith(("NetParameter", "LayerParameter", "SolverParameter"))}


def test_only_the_fields_that_caffe_packs_are_packed():
    packed = {f"{m.name}.{f.name}" for m in FILE.message_type for f in m.field if f.options.packed}
    blobs = {f"BlobProto.{name}" for name in ("data", "diff", "double_data", "double_diff")}
    assert packed == blobs | {"BlobShape.dim"}


def test_fields_stand_in_the_order_of_their_numbers():
    for message in FILE.message_type:
        numbers = [field.number for field in message.field]
        assert numbers == sorted(numbers), message.name


def test_enums_are_offered_as_pycaffe_offers_them():
    assert (caffe_pb2.TRAIN, caffe_pb2.TEST) == (0, 1)
    assert caffe_pb2.Phase.Name(caffe_pb2.TEST) == "TEST"
    assert caffe_pb2.PoolingParameter.AVE == caffe_pb2.PoolingParameter.PoolMethod.Value("AVE") == 1
    assert caffe_pb2.LossParameter.NONE == 3
    with pytest.raises(AttributeError, match="no NoSuchParameter"):
        caffe_pb2.NoSuchParameter  # noqa: B018


def test_every_message_of_the_schema_is_offered_by_name():
    for message in FILE.message_type:
        assert getattr(caffe_pb2, message.name).DESCRIPTOR.full_name == f"caffe.{message.name}"
        assert message.name in caffe_pb2.__all__


def test_the_default_pool_stays_free_for_another_schema():
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("caffe.NetParameter")


def test_another_caffe_proto_may_live_in_the_same_process():
    script = """
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
        other = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
        field = other.message_type.add(name="NetParameter").field.add(name="nom", number=1, type=9, label=1)
        descriptor_pool.Default().Add(other) if hasattr(descriptor_pool.Default(), "Add") else None
        from protonet.proto import caffe_pb2
        found = descriptor_pool.Default().FindMessageTypeByName("caffe.NetParameter")
        theirs = message_factory.GetMessageClass(found)(nom="x")
        assert caffe_pb2.NetParameter.FromString(theirs.SerializeToString()).name == "x"
        assert not hasattr(theirs, "layer")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, cwd=compile.SCHEMA.parents[1])
