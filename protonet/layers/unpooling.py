"""Putting numbers back where a max pooling found them: what MaxUnPool and Upsample share."""

from math import prod

from protonet.kernels import unpool as kernels


def rows(blob):
    return prod(blob.shape[:2]), prod(blob.shape[2:])


def emit_unpool(emit, x, mask, y):
    places = prod(y.shape[2:])
    fault = emit.fault(f"mask {{value}} (number {{index}}) is no place in maps of {places} numbers")
    emit(kernels.check, mask, fault, places)
    emit(kernels.unpool, x.seen(*rows(x)), mask.seen(*rows(x)), y.seen(*rows(y)), tasks=rows(x)[0])


def emit_unpool_grad(emit, y, x, mask):
    seen = rows(x)
    emit(kernels.unpool_grad, y.diff.seen(*rows(y)), mask.seen(*seen), x.diff.seen(*seen), tasks=seen[0])
