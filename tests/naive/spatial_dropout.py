"""SpatialDropout in numpy: whole planes, by the mask (N, C) that was drawn."""


def spatial_dropout(x, mask, ratio=0.5):
    return x * mask.reshape(*mask.shape, *[1] * (x.ndim - 2)) / (1 - ratio)
