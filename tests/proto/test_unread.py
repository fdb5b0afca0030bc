"""No field is passed over in silence: each is read, or refused by its name, or stands here with a reason.

A new field of caffe.proto that nobody reads makes these tests fail, and name it.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from protonet.layers import QUANTIZED, REGISTRY, VIDEO
from protonet.layers.fork_data import ForkData
from protonet.proto import caffe_pb2

ROOT = Path(__file__).resolve().parents[2] / "protonet"
ABOUT = "protonet.layers.", "protonet.data.", "protonet.fillers"  # where the meaning of a layer's fields lies

HOW = "says how to compute, not what"
FILTERS = "Im2col has no filters: Caffe's does not read it either"
LAYER = {
    "engine": HOW,
    "ConvolutionParameter.force_nd_im2col": HOW,
    "ConvolutionParameter.conv_algorithm": HOW,
    "ConvolutionParameter.cudnn_convolution_algo_seeker": HOW,
    "ConvolutionParameter.conv_algos_override": HOW,
    "DetectionOutput.visualize_threshold": "of what visualize draws; a warning says that nothing is drawn",
    "DetectionOutput.save_file": "likewise",
    "DetectionOutput.input_width": "OpenVINO's, for normalized: false, which is refused",
    "DetectionOutput.input_height": "likewise",
    **{f"DetectionOutput.ratio{i}": "read by its number" for i in range(6)},
    "EvalDetection.sqrt": "YOLOv1's: the fork's layer for YOLOv2 does not read it",
    "EvalDetection.constriant": "likewise",
    "RegionLoss.jitter": "of darknet's loader of images, not of its loss",
    "RegionLoss.absolute": "likewise",
    "RegionLoss.random": "likewise",
    "LSTM.debug_info": "prints",
    "RNN.debug_info": "prints",
    "RNN.forget_bias": "an RNN has no gate to forget with",
    "MemoryData.share_in_parallel": "of several graphics cards",
    "Reshape.pixelshuffler": "makes it a PixelShuffle: published.py",
    **dict.fromkeys((f"Im2col.{name}" for name in ("bias_term", "group", "weight_filler", "bias_filler")), FILTERS),
    **dict.fromkeys((f"Im2col.{name}" for name in ("relu", "negative_slope", "shape_offset", "weight_fixed")), FILTERS),
    **dict.fromkeys((f"Im2col.{name}" for name in ("dis_mode", "gen_mode")), FILTERS),
}

PARALLEL, PRECISION = "of several machines", "of half floats: all is float32 here"
# of the messages that are not one layer type's; SolverParameter: solvers/test_source.py
OTHER = {
    "NetParameter.compile_net_state": "what Intel's compiler has done, for its own use",
    "NetParameter.default_conv_algos_override": HOW,
    "NetParameter.default_forward_type": PRECISION,
    "NetParameter.default_backward_type": PRECISION,
    "NetParameter.default_forward_math": PRECISION,
    "NetParameter.default_backward_math": PRECISION,
    "NetParameter.default_cudnn_math_override": PRECISION,
    "NetParameter.global_grad_scale": PRECISION,
    "NetParameter.global_grad_scale_adaptive": PRECISION,
    "NetParameter.reduce_buckets": PARALLEL,
    "NetParameter.multinode": PARALLEL,
    "NetParameter.bn_stats_batch_size": PARALLEL,
    "NetParameter.eltwise_mem_sharing": HOW,
    "NetParameter.profile_info": "prints",
    "NetParameter.profile_iter": "prints",
    "NetParameter.profile_warmup": "prints",
    "LayerParameter.multinode": PARALLEL,
    "LayerParameter.forward_type": PRECISION,
    "LayerParameter.backward_type": PRECISION,
    "LayerParameter.forward_math": PRECISION,
    "LayerParameter.backward_math": PRECISION,
    "LayerParameter.cudnn_math_override": PRECISION,
    "LayerParameter.reshape_every_iter": "FlowNet's: shapes are set when they change",
    "LayerParameter.strict_dim": "DeepLab's: whether its layers check what these check always",
    "V1LayerParameter.strict_dim": "likewise",
    "FillerParameter.diag_val": "of a filler that is refused",
    "LabelMapItem.display_name": "of pictures, which are not drawn",
    "V0LayerParameter.new_num": "BVLC's own upgrade does not read it either",
    "V0LayerParameter.new_channels": "likewise",
    "ResizeParameter.interp_mode": "how SSD resizes images that are read: refused there (data/asked.py)",
    "ResizeParameter.jitter": "likewise",
}
WHOLE = "transform_param", "loss_param"  # messages that several types have


@cache
def words(module):
    """All words of a module and of what it imports, as far as that is about layers."""
    seen, todo, found = set(), [module], set()
    while todo:
        name = todo.pop()
        path = ROOT.parent / f"{name.replace('.', '/')}.py"
        if name in seen or not name.startswith(ABOUT) or not path.exists():
            continue
        seen.add(name)
        text = path.read_text("utf-8")
        found |= set(re.findall(r"\w+", text))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module:
                todo += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
            elif isinstance(node, ast.Import):
                todo += [each.name for each in node.names]
    return found


def message(cls):
    return caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name[cls.spec_field].message_type


def unread(kind):
    """The fields of a type's message that its layer neither reads nor refuses."""
    cls = REGISTRY[kind]
    known = words(cls.__module__)
    if re.search(r"\bonly\(", (ROOT.parent / f"{cls.__module__.replace('.', '/')}.py").read_text("utf-8")):
        return []  # a data layer that refuses all it does not know: data/asked.py
    fields = [field.name for field in message(cls).fields if field.name not in known]
    return [name for name in fields if name not in (*cls.refused, *QUANTIZED, *VIDEO)]


def names(kind, field):
    return field, f"{kind}.{field}", f"{message(REGISTRY[kind]).name}.{field}"


# data layers of forks are not run: they say so (fork_data.py)
SPOKEN = sorted(k for k, cls in REGISTRY.items() if cls.spec_field and not issubclass(cls, ForkData))


@pytest.mark.parametrize("kind", SPOKEN)
def test_a_layer_reads_or_refuses_all_fields_of_its_message(kind):
    lost = [field for field in unread(kind) if not set(names(kind, field)) & set(LAYER)]
    assert not lost, f"{kind} passes over {', '.join(lost)}: read it, add it to `refused`, or say here why it is idle"


def test_no_reason_stands_here_in_vain():
    used = {name for kind in SPOKEN for field in unread(kind) for name in names(kind, field)}
    assert not set(LAYER) - used


def reachable():
    """The messages that nets and weights are made of, less those of one layer type, built or not, and of data."""
    layer, found = caffe_pb2.LayerParameter.DESCRIPTOR, {}
    todo = [getattr(caffe_pb2, name).DESCRIPTOR for name in ("NetParameter", "Datum", "LabelMap", "ResizeParameter")]
    while todo:
        each = todo.pop()
        if each.name in found or each.name in ("TransformationParameter", "BlobProto"):
            continue
        found[each.name] = each
        for field in each.fields:
            of_a_type = each in (layer, caffe_pb2.V1LayerParameter.DESCRIPTOR) and field.name.endswith("_param")
            if field.message_type and field.name not in NESTED and (not of_a_type or field.name in WHOLE):
                todo.append(field.message_type)
    return found


NESTED = {"compile_net_state", "multinode", "mn_activation_param", "mn_grad_compress_param"}  # idle themselves


@pytest.mark.parametrize("name", sorted(reachable()))
def test_a_net_reads_all_fields_of_what_is_no_layers_own(name):
    assert not [f"{name}.{field}" for field in lost(name) if f"{name}.{field}" not in OTHER]


def lost(name):
    texts = (path.read_text("utf-8") for path in ROOT.rglob("*.py") if path.name != "forks.py")
    known = set(re.findall(r"\w+", " ".join(texts)))
    fields = [field for field in reachable()[name].fields if field.name not in known]
    return [field.name for field in fields if not (name.endswith("LayerParameter") and field.name.endswith("_param"))]


def test_no_other_reason_stands_here_in_vain():
    assert not set(OTHER) - {f"{name}.{field}" for name in reachable() for field in lost(name)}
