"""ShuffleChannel in numpy."""


def shuffle_channel(x, group):
    N, C, *maps = x.shape
    return x.reshape(N, group, C // group, *maps).swapaxes(1, 2).reshape(x.shape)
