"""Boxes in plain Python: one at a time, as lists of four numbers."""

import math


def overlap(a, b, one=0):
    w = min(a[2], b[2]) - max(a[0], b[0]) + one
    h = min(a[3], b[3]) - max(a[1], b[1]) + one
    if w <= 0 or h <= 0:
        return 0.0
    areas = [(box[2] - box[0] + one) * (box[3] - box[1] + one) for box in (a, b)]
    return w * h / (sum(areas) - w * h)


def suppress(boxes, threshold, eta=1.0):
    """Which of the boxes, best first, are kept: their numbers."""
    kept = []
    for i, box in enumerate(boxes):
        if all(overlap(box, boxes[k]) <= threshold for k in kept):
            kept.append(i)
            if eta < 1 and threshold > 0.5:
                threshold *= eta
    return kept


def decode(code, prior, variance, loc):
    """code: CORNER, CENTER_SIZE or CORNER_SIZE."""
    w, h = prior[2] - prior[0], prior[3] - prior[1]
    d = [v * x for v, x in zip(variance, loc, strict=True)]
    if code == "CORNER":
        return [p + x for p, x in zip(prior, d, strict=True)]
    if code == "CORNER_SIZE":
        return [p + x * s for p, x, s in zip(prior, d, [w, h, w, h], strict=True)]
    cx, cy = (prior[0] + prior[2]) / 2 + d[0] * w, (prior[1] + prior[3]) / 2 + d[1] * h
    bw, bh = math.exp(d[2]) * w, math.exp(d[3]) * h
    return [cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2]


def encode(code, prior, variance, box):
    """The inverse of decode."""
    w, h = prior[2] - prior[0], prior[3] - prior[1]
    if code == "CORNER":
        d = [b - p for b, p in zip(box, prior, strict=True)]
    elif code == "CORNER_SIZE":
        d = [(b - p) / s for b, p, s in zip(box, prior, [w, h, w, h], strict=True)]
    else:
        d = [(box[0] + box[2] - prior[0] - prior[2]) / 2 / w, (box[1] + box[3] - prior[1] - prior[3]) / 2 / h]
        d += [math.log((box[2] - box[0]) / w), math.log((box[3] - box[1]) / h)]
    return [x / v for x, v in zip(d, variance, strict=True)]
