"""Convolutions as they are computed: groups taken together, and windows without the places that see nothing."""

from dataclasses import replace

from protonet.engine.machine import W


def merge(groups, C, K):
    """How many groups to take together so that both sides are whole blocks: all, if no fewer will do."""
    if groups == 1:
        return 1
    for times in range(1, groups):
        if groups % times == 0 and times * C % W == 0 and times * K % W == 0:
            return times
    return groups


def trimmed(window, inputs, outputs):
    """(window, crop) without those places at its ends that look at nothing but padding, on a map of these sizes.

    Small maps have many: of 7 x 7 places with a pad of 3, one of 1 x 1 sees a single one.
    """
    w, crop = window, []
    for n, m, k, s, b, d in zip(inputs, outputs, w.kernel, w.stride, w.before, w.dilation, strict=True):
        sees = [t for t in range(k) if any(0 <= i * s - b + t * d < n for i in range(m))]
        crop.append((min(sees, default=0), max(sees, default=k - 1) + 1))
    if crop == [(0, k) for k in window.kernel]:
        return window, ()
    kernel = tuple(end - first for first, end in crop)
    before = tuple(b - first * d for b, (first, _), d in zip(window.before, crop, window.dilation, strict=True))
    return replace(window, kernel=kernel, before=before), tuple(crop)
