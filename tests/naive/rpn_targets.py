"""What a region proposal network is to learn, in plain Python: one anchor, or one region, at a time."""

import math

from tests.naive.boxes import overlap


def moves(box, goal):
    w, h, gw, gh = (b[i + 2] - b[i] + 1 for b in (box, goal) for i in (0, 1))
    x, y, gx, gy = (b[i] + n / 2 for b, n, i in ((box, w, 0), (box, h, 1), (goal, gw, 0), (goal, gh, 1)))
    return [(gx - x) / w, (gy - y) / h, math.log(gw / w), math.log(gh / h)]


def labels_of_anchors(anchors, H, W, stride, truth, high, wide, low=0.3, up=0.7):
    """{(row, column, anchor): (label, index of its truth, box)} of those inside the image, before any are dropped."""
    inside = {}
    for i in range(H):
        for j in range(W):
            for a, (x0, y0, x1, y1) in enumerate(anchors):
                box = x0 + j * stride, y0 + i * stride, x1 + j * stride, y1 + i * stride
                if box[0] >= 0 and box[1] >= 0 and box[2] < wide and box[3] < high:
                    inside[i, j, a] = box
    shared = {at: [overlap(box, t[:4], 1) for t in truth] for at, box in inside.items()}
    most = [max(each[g] for each in shared.values()) for g in range(len(truth))]
    found = {}
    for at, each in shared.items():
        best = max(range(len(truth)), key=lambda g: each[g])
        label = 0 if each[best] < low else -1
        if each[best] >= up or any(each[g] == most[g] for g in range(len(truth))):
            label = 1
        found[at] = label, best, inside[at]
    return found


def classes_of_regions(rois, truth, up=0.5):
    """(class, targets) of each region; class 0 is none of the truths."""
    found = []
    for _, *box in rois:
        each = [overlap(box, t[:4], 1) for t in truth]
        best = max(range(len(truth)), key=lambda g: each[g])
        of = truth[best]
        found.append((int(of[4]), moves(box, of[:4])) if each[best] >= up else (0, None))
    return found
