"""upgrade_v0: layers of 2013, where one message held the fields of every type, become layers of 2014.

    layers { layer { name: "c" type: "conv" kernelsize: 3 } bottom: "x" top: "c" }
    layers { name: "c" type: CONVOLUTION bottom: "x" top: "c" convolution_param { kernel_size: 3 } }

A "padding" layer goes; its pad is given to the convolution or pooling that reads it.  The surprise: a field
that means nothing to the layer's type is left out (as Caffe does, with a warning).
"""

import logging
from typing import Any

from protonet.errors import NetError
from protonet.proto import caffe_pb2

# old type: (new type, where its fields go, which fields, as old:new where the name changed)
TYPES = {
    "accuracy": ("ACCURACY", "", ""),
    "bnll": ("BNLL", "", ""),
    "concat": ("CONCAT", "concat_param", "concat_dim"),
    "conv": (
        "CONVOLUTION",
        "convolution_param",
        "num_output biasterm:bias_term weight_filler bias_filler pad kernelsize:kernel_size group stride",
    ),
    "data": ("DATA", "data_param", "source batchsize:batch_size rand_skip"),
    "dropout": ("DROPOUT", "dropout_param", "dropout_ratio"),
    "euclidean_loss": ("EUCLIDEAN_LOSS", "", ""),
    "flatten": ("FLATTEN", "", ""),
    "hdf5_data": ("HDF5_DATA", "hdf5_data_param", "source batchsize:batch_size"),
    "hdf5_output": ("HDF5_OUTPUT", "", "hdf5_output_param"),
    "im2col": ("IM2COL", "", ""),
    "images": (
        "IMAGE_DATA",
        "image_data_param",
        "source batchsize:batch_size rand_skip shuffle_images:shuffle new_height new_width",
    ),
    "infogain_loss": ("INFOGAIN_LOSS", "infogain_loss_param", "source"),
    "innerproduct": (
        "INNER_PRODUCT",
        "inner_product_param",
        "num_output biasterm:bias_term weight_filler bias_filler",
    ),
    "lrn": ("LRN", "lrn_param", "local_size alpha beta k"),
    "multinomial_logistic_loss": ("MULTINOMIAL_LOGISTIC_LOSS", "", ""),
    "pool": ("POOLING", "pooling_param", "pool kernelsize:kernel_size pad stride"),
    "relu": ("RELU", "", ""),
    "sigmoid": ("SIGMOID", "", ""),
    "softmax": ("SOFTMAX", "", ""),
    "softmax_loss": ("SOFTMAX_LOSS", "", ""),
    "split": ("SPLIT", "", ""),
    "tanh": ("TANH", "", ""),
    "window_data": (
        "WINDOW_DATA",
        "window_data_param",
        "source batchsize:batch_size det_fg_threshold:fg_threshold det_bg_threshold:bg_threshold "
        "det_fg_fraction:fg_fraction det_context_pad:context_pad det_crop_mode:crop_mode",
    ),
}
LAYER = ("name", "blobs", "blobs_lr", "weight_decay")
TRANSFORM = {"scale": "scale", "meanfile": "mean_file", "cropsize": "crop_size", "mirror": "mirror"}

log = logging.getLogger(__name__)


def upgrade_v0(net: Any) -> list[int]:
    """Replaces net.layers, and says of each new one which old one it was."""
    old = list(net.layers)
    pads = _paddings(net)
    new = [(i, _layer(layer, *pads.get(i, (None, None)))) for i, layer in enumerate(old) if not _is_padding(layer)]
    del net.layers[:]
    net.layers.extend(layer for _, layer in new)
    return [i for i, _ in new]


def _is_padding(layer: Any) -> bool:
    return layer.layer.type == "padding"


def _paddings(net: Any) -> dict[int, tuple[int, str]]:
    """Layers that read a padding layer: their index, the pad, and what the padding layer reads."""
    made: dict[str, Any] = dict.fromkeys(net.input)
    found = {}
    for i, layer in enumerate(net.layers):
        for bottom in layer.bottom:
            if bottom not in made:
                raise NetError(f"bottom '{bottom}' is made by no layer before it").at(_place(layer))
            source = made[bottom]
            if source is None or not _is_padding(source):
                continue
            if layer.layer.type not in ("conv", "pool"):
                raise NetError(
                    f"expected a conv or pool layer after the padding layer '{source.layer.name}', "
                    f'found type "{layer.layer.type}"'
                ).at(_place(layer))
            if (len(layer.bottom), len(source.bottom), len(source.top)) != (1, 1, 1):
                raise NetError(
                    f"expected one bottom, and one bottom and one top in the padding '{source.layer.name}', "
                    f"found {len(layer.bottom)}, {len(source.bottom)} and {len(source.top)}"
                ).at(_place(layer))
            found[i] = source.layer.pad, source.bottom[0]
        made.update(dict.fromkeys(layer.top, layer))
    return found


def _place(layer: Any) -> str:
    return f"layer '{layer.layer.name or layer.name}'"


def _layer(shell: Any, pad: int | None, bottom: str | None) -> Any:
    if not shell.HasField("layer"):  # of 2014 already, in a net of both
        return shell
    old = shell.layer
    new = caffe_pb2.V1LayerParameter(bottom=[bottom] if bottom else shell.bottom, top=shell.top)
    if pad is not None:
        old.pad = pad
    where, takes = "", ""
    if old.HasField("type"):
        if old.type not in TYPES:
            raise NetError(f'unknown type "{old.type}" of an old layer, expected one of {", ".join(TYPES)}').at(
                _place(shell)
            )
        name, where, takes = TYPES[old.type]
        new.type = caffe_pb2.V1LayerParameter.LayerType.Value(name)
    names = dict((pair.split(":") * 2)[:2] for pair in takes.split())
    for field, value in old.ListFields():
        if field.name in LAYER:
            _put(new, field.name, value)
        elif field.name in TRANSFORM:
            _put(new.transform_param, TRANSFORM[field.name], value)
        elif field.name in names:
            _put(getattr(new, where) if where else new, names[field.name], value)
        elif field.name != "type":
            log.warning('%s: %s means nothing to type "%s": left out', _place(shell), field.name, old.type)
    return new


def _put(message: Any, name: str, value: Any) -> None:
    field = message.DESCRIPTOR.fields_by_name[name]
    here = getattr(message, name)
    if hasattr(here, "extend"):
        here.extend(value if hasattr(value, "extend") else [value])
    elif field.message_type is not None:
        here.CopyFrom(value)
    else:
        setattr(message, name, value)
