"""The log of probabilities.  A task is CHUNK numbers."""

from protonet.kernels.jit import f32, kernel
from protonet.kernels.log import log
from protonet.kernels.pointwise import CHUNK

M = "M"


@kernel(y="p", out="y")
def log_of(p: f32[M], y: f32[M], least: f32, begin, end):
    """y <- log p, or of `least` if that is more."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = log(max(p[i], least))
