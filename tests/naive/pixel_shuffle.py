"""PixelShuffle in numpy."""


def pixel_shuffle(x, r):
    N, C, H, W = x.shape
    return x.reshape(N, C // r**2, r, r, H, W).transpose(0, 1, 4, 2, 5, 3).reshape(N, C // r**2, H * r, W * r)
