"""Layers: one file per type.  Importing this package registers them all; no kernel is compiled, nor numba imported.

layer = make(layer_parameter, TEST)     # refuses an unknown type, with the one that was meant
"""

from importlib import import_module
from pkgutil import iter_modules

from protonet.errors import NetError
from protonet.layers.base import REGISTRY, TEST, TRAIN, Layer, Param, register
from protonet.layers.published import native
from protonet.prototxt import suggest

__all__ = ["REGISTRY", "TEST", "TRAIN", "Layer", "Param", "make", "register"]

# of nets in integers, in the messages of many layers
SCALES, ZEROS = ("input_scale", "output_scale", "weight_scale", "bias_scale"), ("input_zero_point", "output_zero_point")
QUANTIZED = (*SCALES, *ZEROS, "weight_zero_point", "bias_zero_point", "saturate")
VIDEO = "kernel_depth", "temporal_stride", "temporal_pad"  # of C3D: here a window has as many axes as it is given

for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")
suggest.learn(REGISTRY)


def make(param, phase=TRAIN):
    """The layer that a LayerParameter means, in this phase."""
    param = native(param)
    if param.type not in REGISTRY:
        raise NetError(f"unknown layer type '{param.type}'{meant(param.type)}")
    if param.unparsed:
        names = ", ".join(sorted({text.split(None, 1)[0].rstrip(":{") for text in param.unparsed}))
        raise NetError(f"{param.type} has no {names}: this layer cannot be built with fields that nobody knows")
    layer = REGISTRY[param.type](param, phase)
    if layer.spec is not None:
        for field, value in layer.spec.ListFields():
            if field.name in (*layer.refused, *QUANTIZED, *VIDEO) and value != field.default_value:
                raise NetError(f"{field.name} is a fork's, and {param.type} does not know it here: leave it out")
    return layer


def meant(name):
    """How to go on after an unknown type."""
    return suggest.did_you_mean(name, REGISTRY) or ": no such layer here, in BVLC Caffe or in a fork known here"
