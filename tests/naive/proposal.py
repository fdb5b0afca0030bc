"""Proposal in plain Python: one anchor at one place at a time."""

import math

from tests.naive.boxes import overlap


def anchors(base, ratios, scales):
    found = []
    for ratio in ratios:
        w = math.floor(math.sqrt(base * base / ratio) + 0.5)
        h = math.floor(w * ratio + 0.5)
        for scale in scales:
            cx = cy = (base - 1) / 2
            dx, dy = (w * scale - 1) / 2, (h * scale - 1) / 2
            found.append((cx - dx, cy - dy, cx + dx, cy + dy))
    return found


def predicted(box, delta, H, W):
    w, h = box[2] - box[0] + 1, box[3] - box[1] + 1
    cx, cy = box[0] + w / 2 + delta[0] * w, box[1] + h / 2 + delta[1] * h
    dx, dy = math.exp(delta[2]) * w / 2, math.exp(delta[3]) * h / 2
    ends = (cx - dx, W), (cy - dy, H), (cx + dx, W), (cy + dy, H)
    return [min(max(v, 0), most - 1) for v, most in ends]


def proposal(scores, deltas, info, boxes, stride, least, before, after, threshold, drop=False):
    """scores (2 A, H, W), deltas (4 A, H, W), info (height, width, scale): rows of score and box."""
    A = len(boxes)
    found = []
    for i in range(scores.shape[1]):
        for j in range(scores.shape[2]):
            for a, (x0, y0, x1, y1) in enumerate(boxes):
                place = x0 + j * stride, y0 + i * stride, x1 + j * stride, y1 + i * stride
                box = predicted(place, deltas[4 * a : 4 * a + 4, i, j], *info[:2])
                large = min(box[2] - box[0], box[3] - box[1]) + 1 >= least * info[2]
                if large or not drop:
                    found.append((float(scores[A + a, i, j]) if large else 0.0, *box))
    found.sort(key=lambda row: -row[0])
    kept: list[tuple] = []
    for row in found[:before]:
        if len(kept) < after and all(overlap(row[1:], other[1:], 1) <= threshold for other in kept):
            kept.append(row)
    return kept
