"""upgrade_v1: layers of 2014 (`layers`, typed by an enum) become those of today (`layer`, by a string).

    layers { type: SOFTMAX_LOSS blobs_lr: 1 weight_decay: 0 param: "w" blob_share_mode: PERMISSIVE }
    layer { type: "SoftmaxWithLoss" param { name: "w" share_mode: PERMISSIVE lr_mult: 1 decay_mult: 0 } }

All other fields keep their names.  The surprise: once one data layer of a net has a transform field of its
own, every data layer gets a transform_param, if an empty one.
"""

from typing import Any

from protonet.proto import caffe_pb2

DATA = {"DATA": "data_param", "IMAGE_DATA": "image_data_param", "WINDOW_DATA": "window_data_param"}
TRANSFORM = ("scale", "mean_file", "crop_size", "mirror")
PARAM = {
    "param": "name",
    "blob_share_mode": "share_mode",
    "blobs_lr": "lr_mult",
    "weight_decay": "decay_mult",
}

# types whose string is not the enum's words in capitals: CONVOLUTION -> Convolution
NAMES = {
    "NONE": "",
    "ABSVAL": "AbsVal",
    "ARGMAX": "ArgMax",
    "BNLL": "BNLL",
    "HDF5_DATA": "HDF5Data",
    "HDF5_OUTPUT": "HDF5Output",
    "LRN": "LRN",
    "MVN": "MVN",
    "RELU": "ReLU",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "TANH": "TanH",
}


def layer_type(name: str) -> str:
    """The string of today for a name of the old enum."""
    return NAMES.get(name, "".join(word.capitalize() for word in name.split("_")))


def move_transforms(net: Any) -> None:
    """Transform fields of the data layers among `layers` go to transform_param."""
    kinds = caffe_pb2.V1LayerParameter.LayerType
    found = [(layer, DATA[kinds.Name(layer.type)]) for layer in net.layers if kinds.Name(layer.type) in DATA]
    if not any(getattr(layer, where).HasField(name) for layer, where in found for name in TRANSFORM):
        return
    for layer, where in found:
        layer.transform_param.SetInParent()
        source = getattr(layer, where)
        source.SetInParent()
        for name in TRANSFORM:
            if source.HasField(name):
                setattr(layer.transform_param, name, getattr(source, name))
                source.ClearField(name)


def upgrade_v1(net: Any) -> None:
    """`layers` become `layer`."""
    for old in net.layers:
        new = net.layer.add()
        for field, value in old.ListFields():
            if field.name == "type":
                new.type = layer_type(caffe_pb2.V1LayerParameter.LayerType.Name(value))
            elif field.name in PARAM:
                _params(new, PARAM[field.name], value)
            elif field.message_type is not None and not hasattr(value, "extend"):
                getattr(new, field.name).CopyFrom(value)
            elif hasattr(value, "extend"):
                getattr(new, field.name).extend(value)
            else:
                setattr(new, field.name, value)
    del net.layers[:]


def _params(layer: Any, name: str, values: Any) -> None:
    for i, value in enumerate(values):
        if i == len(layer.param):
            layer.param.add()
        setattr(layer.param[i], name, value)
