"""What all linear layers of a plan are: weights and biases of a node, what is added, an activation at the end."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from protonet.engine import pack
from protonet.engine.fuse import INF, Act
from protonet.engine.op import Op
from protonet.engine.plan import key
from protonet.kernels.conv_blocked import BELOW, CLAMP, SLOPES


@dataclass(eq=False)
class Weighted(Op):
    """A linear layer.  node: for its weights; added: the cell that is added before the activation, or None."""

    node: Any
    act: Act
    added: Any = None

    @property
    def weights(self):
        return self.node.blobs[0]

    @property
    def known(self):
        """What constants made of the weights are known by."""
        return key(self.weights)

    def numbers(self, to):
        """Bias, slopes, what the kernel is called with for its activation: (mode, bias, slope, lo, hi)."""
        size = pack.up(self.y.shape[1])
        values = self.node.blobs[1] if len(self.node.blobs) > 1 else 0.0
        bias = to.constants.get(("vector", key(values), size), lambda: pack.vector(values, size))
        act, slope, mode = self.act, bias, BELOW if self.act.hi == INF else CLAMP
        if act.slope is not None:
            mode = SLOPES
            given = np.broadcast_to(act.slope, self.y.shape[1])
            slope = to.constants.get(("vector", key(act.slope), size), lambda: pack.vector(given, size))
        return mode, bias, slope, act.lo, act.hi
