"""What the YOLO layers share: maps (N, A * (5 + classes), H, W) as anchors' x, y, w, h, objectness and class scores.

    box of anchor a at row i, column j:  x = (j + sigmoid(x)) / W, y = (i + sigmoid(y)) / H, w = exp(w) * bias, so h

Boxes are (x0, y0, x1, y1) in parts of the image.  arXiv:1612.08242, arXiv:1804.02767
"""

import numpy as np

from protonet.layers.ssd.overlap import suppress


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -80, 80)))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def split(x, anchors):
    """(N, H, W, A, 5 + classes)."""
    N, C, H, W = x.shape
    return x.reshape(N, anchors, C // anchors, H, W).transpose(0, 3, 4, 1, 2)


def centered(cells, biases):
    """(x, y, w, h) of cells (N, H, W, A, ...), for biases (A, 2): widths and heights in parts of the image."""
    _, H, W, _, _ = cells.shape
    i, j = np.mgrid[:H, :W].astype(np.float32)
    at = np.stack([j, i], -1)[None, :, :, None]
    size = np.array([W, H], np.float32)
    with np.errstate(over="ignore"):
        extent = np.exp(cells[..., 2:4]) * np.asarray(biases, np.float32)
    return np.concatenate([(at + sigmoid(cells[..., :2])) / size, extent], -1)


def corners(boxes):
    return np.concatenate([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], -1)


def alike(a, b):
    """Overlaps of boxes (..., x, y, w, h), each with its own partner."""
    a, b = corners(a), corners(b)
    width, height = np.moveaxis(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), -1, 0)
    common = np.maximum(width, 0) * np.maximum(height, 0)
    areas = [np.prod(box[..., 2:] - box[..., :2], -1) for box in (a, b)]
    return np.nan_to_num(common / (areas[0] + areas[1] - common))


def kept(boxes, scores, threshold):
    """The numbers of boxes, best first, that overlap none better by `threshold`."""
    order = np.argsort(-scores, kind="stable")
    below = np.nextafter(np.float32(threshold), np.float32(-1))  # which it may reach
    return order[suppress(boxes[order], [0, len(order)], below)]
