"""BatchNormKyle in numpy."""

from tests.naive.batch_norm import batch_norm as batch_norm_kyle

__all__ = ["batch_norm_kyle"]
