"""Caffe's data transformation, pixel by pixel: one image, its crop at (top, left), mirrored or not."""

import numpy as np


def transform(image, size, top, left, flip, mean=None, scale=1.0):
    """mean: None, one number per channel, or one per pixel of the whole image."""
    channels, (height, width) = len(image), size
    y = np.empty((channels, height, width))
    for c in range(channels):
        for h in range(height):
            for w in range(width):
                x = float(image[c, top + h, left + w])
                if mean is not None:
                    x -= mean[c] if np.ndim(mean) == 1 else mean[c, top + h, left + w]
                y[c, h, width - 1 - w if flip else w] = x * scale
    return y
