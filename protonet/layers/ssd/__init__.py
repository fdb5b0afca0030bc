"""The geometry of SSD (arXiv:1512.02325): boxes as codes of priors, matched to the ground truth, mined, suppressed.

Boxes are float32 (..., 4), x0 y0 x1 y1, in parts of the image.
"""
