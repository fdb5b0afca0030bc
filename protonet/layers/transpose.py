"""Transpose: the axes in another order, all of them named by `dim`.

Fork: transpose_layer.cpp of tianzhi0549/caffe (CRNN's nets); Permute with no axis left out.
"""

from protonet.errors import ShapeError
from protonet.layers.base import register
from protonet.layers.permute import Permute


@register("Transpose", spec="transpose_param")
class Transpose(Permute):
    def order(self, x):
        given = list(self.spec.dim)
        if sorted(given) != list(range(len(x))):
            raise ShapeError(f"dim names each axis of a blob of shape {x} once, found {given}")
        return given
