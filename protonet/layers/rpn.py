"""Regions proposed by a network: anchors, what is predicted about them, and the best that do not overlap.

Boxes are (x0, y0, x1, y1), in pixels; x1 and y1 are the last ones, so that a width is x1 - x0 + 1.  arXiv:1506.01497
"""

from math import inf, prod

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.layers.ssd.overlap import suppress


def number(value, least=-inf):
    """Whether a param_str says a number, of at least so much."""
    return isinstance(value, int | float) and least <= value < inf


def stated(said):
    """(feat_stride, anchors) that a param_str says: how many pixels a place of the map stands for, and boxes there."""
    stride, tiny = said.get("feat_stride"), 1e-6
    if not number(stride, tiny):
        raise NetError(f"param_str must say feat_stride, a number above 0, found {stride!r}")
    shapes = [said.get("ratios", (0.5, 1, 2)), said.get("scales", (8, 16, 32))]
    for name, values in zip(("ratios", "scales"), shapes, strict=True):
        if not isinstance(values, list | tuple) or not values or not all(number(v, tiny) for v in values):
            raise NetError(f"{name} of anchors are numbers above 0, found {values!r}")
    return stride, anchors(BASE, *shapes)


def check(scores, deltas, info, boxes):
    """Refuse what no regions are proposed from; of (1, 2 A, H, W), (1, 4 A, H, W) and (1, 3)."""
    A = len(boxes)
    if len(scores) != 4 or scores[1] != 2 * A or deltas != (scores[0], 4 * A, *scores[2:]):
        raise ShapeError(
            f"expected {2 * A} scores and {4 * A} deltas at a place, for {A} anchors; found {scores}, {deltas}"
        )
    check_info(info, 3)


def check_info(info, least):
    if prod(info) < least:
        raise ShapeError(f"expected im_info (1, 3): height, width and scale of the image; found {info}")


BASE = 16


def anchors(base, ratios, scales):
    """(A, 4): for each ratio (of height to width) and each scale a box about the centre of base x base pixels."""
    center = (base - 1) / 2
    boxes = []
    for ratio in ratios:
        w = np.floor(np.sqrt(base * base / ratio) + 0.5)
        h = np.floor(w * ratio + 0.5)
        halves = [((w * scale - 1) / 2, (h * scale - 1) / 2) for scale in scales]
        boxes += [(center - x, center - y, center + x, center + y) for x, y in halves]
    return np.array(boxes, np.float32)


def everywhere(boxes, stride, H, W):
    """The anchors at all places of a map, (H * W * A, 4): by row, by column, by anchor."""
    y, x = np.mgrid[:H, :W].astype(np.float32) * stride
    return (np.stack([x, y, x, y], -1)[:, :, None] + boxes).reshape(-1, 4)


def moved(boxes, deltas, H, W):
    """Boxes as predicted, clipped to an image of H x W: deltas are (dx, dy, dlog w, dlog h), in widths and heights.

    As in Faster R-CNN a width is x1 - x0 + 1 before and x1 - x0 after, so that a box that stays grows by a pixel.
    """
    size = boxes[:, 2:] - boxes[:, :2] + 1
    center = boxes[:, :2] + size / 2 + deltas[:, :2] * size
    with np.errstate(over="ignore"):
        half = np.exp(deltas[:, 2:]) * size / 2
    found = np.concatenate([center - half, center + half], 1)
    return np.clip(found, 0, np.array([W - 1, H - 1] * 2, np.float32))


def deltas(boxes, wanted):
    """What moves boxes to those that are wanted: (dx, dy, dlog w, dlog h), in widths and heights."""
    size, goal = (each[:, 2:] - each[:, :2] + 1 for each in (boxes, wanted))
    way = wanted[:, :2] + goal / 2 - boxes[:, :2] - size / 2
    return np.concatenate([way / size, np.log(goal / size)], 1).astype(np.float32)


def by_place(blob):
    """(A * n, H, W) as (H * W * A, n) is done by reshape; n: numbers an anchor."""
    return blob.transpose(1, 2, 0)


def best(boxes, scores, before, after, threshold):
    """The numbers of at most `after` boxes, best first, of the `before` best that overlap none better."""
    order = np.argsort(-scores, kind="stable")
    order = order[:before] if before > 0 else order
    return order[suppress(boxes[order], [0, len(order)], threshold, one=1.0, most=after if after > 0 else -1)]
