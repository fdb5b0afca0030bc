"""See resize_bilinear.py."""

from tests.naive.resize_bilinear import resize_nearest_neighbor

__all__ = ["resize_nearest_neighbor"]
