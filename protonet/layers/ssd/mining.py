"""Which of the priors of an image count: the hardest ones.

MAX_NEGATIVE: all matched ones, and of those that match nothing and overlap no truth by neg_overlap the ones of largest
loss, neg_pos_ratio times as many.  HARD_EXAMPLE: the sample_size of largest loss among all, matched or not.  With
nms_param, those that overlap a harder one are passed over.
"""

import numpy as np

from protonet.layers.ssd.matching import FREE
from protonet.layers.ssd.overlap import suppress

HARD_EXAMPLE = 2
SMALLEST = 1e-5  # area of a box that may be chosen by nms


def mine(spec, matches, overlaps, losses, boxes, among=True):
    """(matches that are left, the negatives), spec: a MultiBoxLossParameter; among: which priors are asked."""
    hard = spec.mining_type == HARD_EXAMPLE
    free = matches == FREE
    eligible = np.flatnonzero(
        among & (np.ones_like(free) if hard else free & (overlaps < np.float32(spec.neg_overlap)))
    )
    most = spec.sample_size if hard else int((matches >= 0).sum() * np.float32(spec.neg_pos_ratio))
    order = eligible[np.argsort(-losses[eligible], kind="stable")]
    nms = spec.nms_param
    if spec.HasField("nms_param") and nms.nms_threshold > 0:
        # as in Caffe, a top_k that is not given is 0, and takes nothing
        order = order[: nms.top_k] if nms.top_k > -1 else order
        order = order[suppress(boxes[order], [0, len(order)], nms.nms_threshold, least=SMALLEST, most=nms.top_k)]
    chosen = np.zeros_like(free)
    chosen[order[:most]] = True
    if hard:
        matches = np.where((matches >= 0) & ~chosen, FREE, matches)
    return matches, np.flatnonzero(free & chosen)
