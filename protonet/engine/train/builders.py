"""All builders of training steps: importing them enters them."""

from protonet.engine.train import convolution, depthwise, elementwise, joining, layerwise, normalise, pooling, volume

__all__ = ["convolution", "depthwise", "elementwise", "joining", "layerwise", "normalise", "pooling", "volume"]
