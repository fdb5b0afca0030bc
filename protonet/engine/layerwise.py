"""Whatever has no blocked kernel: the layer emits its own steps, on plain cells."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from protonet.engine.layout import PLAIN
from protonet.engine.op import Op
from protonet.engine.plan import builds, plain
from protonet.runtime.step import Blob


@dataclass(eq=False)
class Layer(Op):
    node: Any

    def lower(self, to):
        params = [
            Blob(to.constants.get(("plain", id(blob)), lambda blob=blob: as_is(blob))) for blob in self.node.blobs
        ]
        to.emit.of(self.layer, params)
        self.layer.forward(to.emit, *map(plain, self.reads), *map(plain, self.writes))


def as_is(blob):
    return np.asarray(blob, np.float32)


@builds(None)
def layerwise(planner, unit):
    for node in unit.nodes:
        reads = [planner.want(value, PLAIN) for value in node.inputs]
        writes = [planner.give(value, PLAIN) for value in node.outputs]
        planner.ops.append(Layer(node.layer, reads, writes, node))
    return True
