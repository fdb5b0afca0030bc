"""RegionLoss in plain Python, as darknet's loops go: (loss, what goes down before it is divided by N)."""

import math

import numpy as np

from tests.naive.yolo import box, iou, sigmoid, softmax


def region_loss(x, truths, biases, classes, scales, thresh, rescore=True, bias_match=True):
    """truths: for each image rows of (class, x, y, w, h); scales: object, noobject, class, coord."""
    N, _, side, _ = x.shape
    anchors = len(biases) // 2
    cells = x.reshape(N, anchors, 5 + classes, side, side)
    delta = np.zeros(cells.shape)
    parts = [[v / side for v in biases[2 * a : 2 * a + 2]] for a in range(anchors)]
    for n in range(N):
        for a, i, j in np.ndindex(anchors, side, side):
            cell = cells[n, a, :, i, j]
            p = sigmoid(cell[4])
            best = max((iou(box(cell, i, j, side, parts[a]), row[1:]) for row in truths[n]), default=0)
            delta[n, a, 4, i, j] = 0 if best > thresh else scales[1] * p * p * (1 - p)
        for label, tx, ty, tw, th in truths[n]:
            i, j = int(ty * side), int(tx * side)
            sizes = (
                parts if bias_match else [box(cells[n, a, :, i, j], i, j, side, parts[a])[2:] for a in range(anchors)]
            )
            a = max(range(anchors), key=lambda a: iou((0, 0, *sizes[a]), (0, 0, tw, th)))
            cell, d = cells[n, a, :, i, j], delta[n, a, :, i, j]
            for k, wanted in enumerate((tx * side - j, ty * side - i)):
                s = sigmoid(cell[k])
                d[k] = scales[3] * (s - wanted) * s * (1 - s)
            for k, size in enumerate((tw, th)):
                d[2 + k] = scales[3] * (cell[2 + k] - math.log(size / parts[a][k]))
            p = sigmoid(cell[4])
            score = iou(box(cell, i, j, side, parts[a]), (tx, ty, tw, th)) if rescore else 1
            d[4] = scales[0] * (p - score) * p * (1 - p)
            for c, q in enumerate(softmax(list(cell[5:]))):
                d[5 + c] = scales[2] * (q - (c == label))
    return (delta**2).sum(), delta.reshape(x.shape)
