"""How a box is written as four numbers about a prior.  v: the prior's variances; w, h: its size; c: centres.

    CORNER        (box - prior) / v
    CENTER_SIZE   (cx - pcx) / w / v, (cy - pcy) / h / v, log(bw / w) / v, log(bh / h) / v
    CORNER_SIZE   (box - prior) / (w, h, w, h) / v

With `plain` codes, those of nets trained to predict them without variances, v is 1.
"""

import numpy as np

from protonet.errors import DataError

CORNER, CENTER_SIZE, CORNER_SIZE = 1, 2, 3
HALF = np.float32(0.5)


def priors(blob):
    """(boxes, variances), each (P, 4), of a PriorBox top (1, 2, P * 4)."""
    boxes, variances = blob.reshape(2, -1, 4)
    return boxes, variances


def size(boxes):
    """(w, h, w, h)."""
    return np.concatenate([boxes[..., 2:] - boxes[..., :2]] * 2, -1)


def sizes_of(boxes, code):
    """size, of priors that must have one."""
    found = size(boxes)
    if code != CORNER and not (found > 0).all():
        worst = int(np.argmin(found.min(-1)))
        raise DataError(f"prior {worst} has no area: {boxes.reshape(-1, 4)[worst].tolist()}")
    return found


def center(boxes):
    return (boxes[..., :2] + boxes[..., 2:]) * HALF


def decode(code, boxes, variances, codes, plain=False):
    """The boxes that codes (..., P, 4) mean about priors (P, 4), or each about its own."""
    scaled = codes if plain else codes * variances
    sizes = sizes_of(boxes, code)
    if code == CORNER:
        return boxes + scaled
    if code == CORNER_SIZE:
        return boxes + scaled * sizes
    middle = scaled[..., :2] * sizes[..., :2] + center(boxes)
    with np.errstate(over="ignore"):
        half = np.exp(scaled[..., 2:]) * sizes[..., :2] * HALF
    return np.concatenate([middle - half, middle + half], -1)


def encode(code, boxes, variances, targets, plain=False):
    """The codes of `targets` (M, 4), each about its own of the priors (M, 4)."""
    sizes = sizes_of(boxes, code)
    if code == CORNER:
        codes = targets - boxes
    elif code == CORNER_SIZE:
        codes = (targets - boxes) / sizes
    else:
        moved = (center(targets) - center(boxes)) / sizes[:, :2]
        codes = np.concatenate([moved, np.log(size(targets)[:, :2] / sizes[:, :2])], -1)
    return codes if plain else codes / variances
