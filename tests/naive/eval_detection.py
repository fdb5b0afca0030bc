"""EvalDetection in plain Python: one image."""

import numpy as np

from tests.naive.yolo import box, iou, kept, sigmoid, softmax


def eval_detection(x, rows, biases, classes, threshold, nms):
    """x (A * (5 + classes), side, side): (counts, rows of class, score, true, false)."""
    side, anchors = x.shape[1], len(biases) // 2
    cells, found = x.reshape(anchors, 5 + classes, side, side), []
    for a, i, j in np.ndindex(anchors, side, side):
        cell = cells[a, :, i, j]
        p = softmax(list(cell[5:]))
        bias = [v / side for v in biases[2 * a : 2 * a + 2]]
        found.append((sigmoid(cell[4]) * max(p), box(cell, i, j, side, bias), p.index(max(p))))
    made, taken = [], set()
    for score, b, label in sorted(kept(found, nms), key=lambda row: row[2]):
        if score < 0.005:
            continue
        mine = [k for k, row in enumerate(rows) if row[0] == label]
        best = max(mine, key=lambda k: iou(b, rows[k][1:]), default=None)
        hit = best is not None and iou(b, rows[best][1:]) >= threshold
        made.append((label, score, hit and best not in taken, (hit and best in taken) or not mine))
        taken |= {best} if hit else set()
    return [sum(row[0] == c for row in rows) for c in range(classes)], made
