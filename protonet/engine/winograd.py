"""A convolution by Winograd (kernels/winograd.py): tiles through all stages block by block, or stage by stage."""

from protonet.engine.machine import W
from protonet.kernels import winograd
from protonet.runtime.step import Buffer

FEWEST = 4  # tasks of a product: tiles are cut for them, though weights are then read once for each cut


def lower(op, to):
    """`op`: a Convolution whose choice this is.  Few tiles are all transformed first, so that weights are read once."""
    form, (tiles, vectors), y, r = op.choice.form, op.choice.tile, op.y, op.sum(to)
    mode, bias, slope, lo, hi = op.numbers(to)
    packed = op.transformed(to, form)
    y, groups = to.write(y), op.groups
    down, along, images = -(-y.rows // form[0]), -(-y.columns // form[0]), y.images
    count, block = images * down * along, op.choice.block
    outs, ins = (cell.blocks // groups if groups > 1 else cell.blocks for cell in (y, op.x))
    sizes = outs, op.x.shape[1] // groups, images, down, along, y.rows, y.columns
    places = *y.strides, *(r.strides if r else (0, 0, 0)), r is not None, lo, hi
    kernel = winograd.stage("fused" if block else "product", form, tiles, vectors, mode)
    for g in range(groups):
        x = op.x.view(-op.window.before[0], -op.window.before[1], g * ins)
        weights = packed.seen(packed.count // groups, start=g * packed.count // groups)
        numbers = [each.seen(outs * W, start=g * outs * W) for each in (bias, slope)]
        old = r.view(block=g * outs) if r else numbers[0]
        arrays = weights, *numbers, old, y.view(block=g * outs), weights.seen(1)
        if block:
            private = 4 * (winograd.room(form, block, ins) + winograd.room(form, block, vectors))
            args = block, *sizes, *op.x.strides, *places
            to.emit(kernel, x, *arrays, *args, tasks=-(-count // block), private=private)
            continue
        full = -(-count // tiles) * tiles
        v = Buffer((winograd.room(form, full, ins),), "arena", f"{op.layer.name} transformed")
        args = images, down, along, full, ins, *op.x.strides
        to.emit(winograd.TRANSFORM[form], x, v, *args, tasks=ins * images * down)
        parts = -(-outs // vectors)
        pieces = min(full // tiles, -(-FEWEST // parts))
        piece = -(-full // tiles // pieces) * tiles
        private = 4 * winograd.room(form, piece, vectors)
        to.emit(kernel, v, *arrays, piece, *sizes, *places, tasks=parts * -(-full // piece), private=private)
