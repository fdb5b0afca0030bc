"""YOLO's boxes in plain Python: one anchor of one cell at a time."""

import math

from tests.naive.boxes import overlap


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def softmax(values):
    e = [math.exp(v - max(values)) for v in values]
    return [v / sum(e) for v in e]


def box(cell, i, j, side, bias):
    """(x, y, w, h); bias in parts of the image."""
    x, y, w, h = cell[:4]
    return (j + sigmoid(x)) / side, (i + sigmoid(y)) / side, math.exp(w) * bias[0], math.exp(h) * bias[1]


def corners(found):
    x, y, w, h = found
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def iou(a, b):
    return overlap(corners(a), corners(b))


def kept(rows, threshold):
    """rows of (score, box, ...), best first, that overlap none better by threshold."""
    found: list[tuple] = []
    for row in sorted(rows, key=lambda row: -row[0]):
        if all(iou(row[1], other[1]) < threshold for other in found):
            found.append(row)
    return found
