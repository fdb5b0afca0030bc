"""DataAugmentation in numpy: the mean of the batches seen, taken away."""

import numpy as np


def data_augmentation(batches, most, per_pixel):
    """What each batch becomes in TRAIN."""
    found, mean = [], 0
    for i, x in enumerate(batches, start=1):
        mean = (mean * (i - 1) + x.mean(0)) / i if i <= most else mean
        found.append(x - (mean if per_pixel else np.mean(mean, (1, 2), keepdims=True)))
    return found
