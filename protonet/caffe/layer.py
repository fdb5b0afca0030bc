"""Layer: what layers written in Python derive from, under pycaffe's name."""

from protonet.layers.python import UserLayer as Layer

__all__ = ["Layer"]
