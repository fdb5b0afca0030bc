"""Yolov3DetectionOutput in plain Python."""

import numpy as np

from tests.naive.yolo import box, corners, kept, sigmoid


def yolov3_detection_output(maps, biases, mask, scales, boxes, classes, threshold, nms):
    """mask: anchors of each map."""
    rows = []
    for n in range(len(maps[0])):
        found = []
        for x, own, scale in zip(maps, mask, scales, strict=True):
            side = x.shape[3]
            cells = x[n].reshape(boxes, 5 + classes, side, side)
            for a, i, j in np.ndindex(boxes, side, side):
                cell = cells[a, :, i, j]
                bias = [v / (side * scale) for v in biases[2 * own[a] : 2 * own[a] + 2]]
                for c in range(classes):
                    score = sigmoid(cell[4]) * sigmoid(cell[5 + c])
                    if score > threshold:
                        found.append((score, box(cell, i, j, side, bias), c + 1))
        rows += [(n, label, score, *corners(b)) for score, b, label in kept(found, nms)]
    return rows
