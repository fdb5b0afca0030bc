"""Flip in numpy."""


def flip(x, width=True, height=False):
    return x[:, :, :: -1 if height else 1, :: -1 if width else 1]
