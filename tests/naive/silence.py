"""Silence in numpy: nothing."""


def silence(*xs):
    return []
