"""MultiBoxLoss in plain Python: shared locations, priors matched per prediction, negatives mined by their loss."""

import numpy as np

from tests.naive.boxes import encode, overlap


def multibox_loss(loc, conf, prior, truths, code, threshold=0.5, ratio=3.0, neg_overlap=0.5, weight=1.0):
    """loc (N, P, 4), conf (N, P, classes), prior (2, P, 4), truths rows of 8; background is class 0."""
    total, count = 0.0, 0
    for image in range(len(loc)):
        gt = [row for row in truths if row[0] == image]
        if not gt:
            continue
        overlaps = np.array([[overlap(box, row[3:7]) for row in gt] for box in prior[0]])
        matched = bipartite(overlaps)
        for p, row in enumerate(overlaps):
            if p not in matched and row.max() >= threshold:
                matched[p] = row.argmax()
        loss = {p: cross_entropy(conf[image, p], 0) for p in range(len(conf[image]))}
        free = [p for p in loss if p not in matched and overlaps[p].max() < neg_overlap]
        negatives = sorted(free, key=lambda p: -loss[p])[: int(len(matched) * ratio)]
        for p, g in matched.items():
            d = loc[image, p] - encode(code, prior[0, p], prior[1, p], gt[g][3:7])
            total += weight * sum(x * x / 2 if abs(x) < 1 else abs(x) - 0.5 for x in d)
            total += cross_entropy(conf[image, p], int(gt[g][1]))
        total += sum(loss[p] for p in negatives)
        count += len(matched)
    return total / max(count, 1)


def bipartite(overlaps):
    """The prior of each truth, the largest overlaps first."""
    left, matched = overlaps.copy(), {}
    while left.max() > 1e-6:
        p, g = np.unravel_index(left.argmax(), left.shape)
        matched[int(p)] = int(g)
        left[p], left[:, g] = 0, 0
    return matched


def cross_entropy(x, label):
    return float(np.log(np.exp(x - x.max()).sum()) - (x[label] - x.max()))
