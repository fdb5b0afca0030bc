"""Net: a prototxt of one phase, ready to run forward and backward, every blob where scripts can see it."""

from protonet.net.blob import Blob
from protonet.net.net import Net

__all__ = ["Blob", "Net"]
