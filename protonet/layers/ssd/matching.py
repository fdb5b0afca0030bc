"""Which ground truth each prior, or predicted box, stands for.

First bipartite: the pair that overlaps most, then the one that does of what is left, until every ground truth has one
prior.  Then, unless match_type is BIPARTITE, each other prior takes what it overlaps most, from overlap_threshold on.
"""

import numpy as np

from protonet.layers.ssd.overlap import jaccard

FREE, OUTSIDE = -1, -2  # instead of the index of a ground truth
TOUCH = np.float32(1e-6)  # overlaps up to this are none


def match(boxes, truths, threshold, per_prediction=True, inside=False):
    """(index of a truth for each box, or FREE, or OUTSIDE; the largest overlap of each box).

    inside: boxes that leave the image are OUTSIDE.
    """
    found, best = np.full(len(boxes), FREE), np.zeros(len(boxes), np.float32)
    if not len(truths):
        return found, best
    overlaps = jaccard(truths, boxes)
    overlaps[~(overlaps > TOUCH)] = -1
    if inside:
        outside = ((boxes < 0) | (boxes > 1)).any(-1)
        found[outside], overlaps[:, outside] = OUTSIDE, -1
    largest, nearest = overlaps.max(0), overlaps.argmax(0)
    bipartite(overlaps, found)
    if per_prediction:
        rest = (found == FREE) & (largest > 0) & (largest >= np.float32(threshold))
        found[rest] = nearest[rest]
    return found, np.maximum(largest, 0)


def bipartite(overlaps, found):
    """Give every truth (row) a box, the largest overlaps first; of equals the first box, then the first truth."""
    free = overlaps.copy()
    boxes, rows = free.argmax(1), np.arange(len(free))
    for _ in rows:
        values = free[rows, boxes]
        if not values.max() > 0:
            return
        ties = np.flatnonzero(values == values.max())
        truth = ties[boxes[ties].argmin()]
        box = boxes[truth]
        found[box] = truth
        free[:, box], free[truth] = -1, -1
        again = boxes == box  # what was best for them is taken
        boxes[again] = free[again].argmax(1)
