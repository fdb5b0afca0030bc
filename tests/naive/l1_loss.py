"""L1Loss in numpy."""

import numpy as np


def l1_loss(a, b):
    return abs(a - b).sum() / len(a)


def flow_loss(
    a, b, l2_per_location=False, l2_prescale_by_channels=False, normalize_by_num_entries=False, epsilon=0.01, plateau=0
):
    """FlowNet2's."""
    d = a - b
    known = ~np.isnan(d)
    d = np.where(known, d, 0)
    if l2_per_location:
        square = (d**2).sum(1) / (d.shape[1] if l2_prescale_by_channels else 1)
        total = np.sqrt(np.where(square < plateau**2, 0, square) + epsilon).sum()
    else:
        total = np.where(abs(d) < plateau, 0, abs(d)).sum()
    return total / (known.sum() / d.shape[1] if normalize_by_num_entries else len(d))
