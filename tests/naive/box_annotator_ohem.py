"""BoxAnnotatorOHEM in plain Python: the hardest first, until an image has had enough."""

import numpy as np


def box_annotator_ohem(rois, loss, labels, weights, each, ignore=-1):
    left: dict[int, int] = {}
    top_labels, top_weights = np.full(labels.shape, ignore), np.zeros(weights.shape)
    for r in sorted(range(len(rois)), key=lambda r: -loss.ravel()[r]):
        image = int(rois[r, 0])
        if left.setdefault(image, each) > 0:
            left[image] -= 1
            top_labels[r], top_weights[r] = labels[r], weights[r]
    return top_labels, top_weights
