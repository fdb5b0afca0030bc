"""Tile: the bottom repeated `tiles` times along `axis`."""

from protonet.errors import NetError
from protonet.kernels import repeat as kernels
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import three


@register("Tile", spec="tile_param")
class Tile(Layer):
    def infer(self, x):
        axis, tiles = axis_of(self.spec.axis, x), self.spec.tiles
        if not self.spec.HasField("tiles") or tiles < 1:
            raise NetError(
                f"tile_param needs tiles, at least 1, found {tiles if self.spec.HasField('tiles') else 'none'}"
            )
        return [(*x[:axis], x[axis] * tiles, *x[axis + 1 :])]

    def seen(self, x):
        """(outer, elements of one tile), and with the tiles between."""
        O, A = three(x.shape, axis_of(self.spec.axis, x.shape), len(x.shape))[:2]
        return (O, A), (O, self.spec.tiles, A)

    def forward(self, emit, x, y):
        once, often = self.seen(x)
        group, tasks = kernels.cut(*often)
        emit(kernels.repeat, x.seen(*once), y.seen(*often), group, tasks=tasks)

    def backward(self, emit, y, x):
        once, often = self.seen(x)
        if emit.wants(x):
            group, tasks = kernels.cut(*often)
            emit(kernels.repeat_grad, y.diff.seen(*often), x.diff.seen(*once), group, tasks=tasks)
