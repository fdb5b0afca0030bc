"""Parts of rows: what Concat writes and Slice reads.  A task is CHUNK numbers of a row's part; `tasks` counts them."""

from protonet.kernels.jit import f32, i64, kernel
from protonet.kernels.pointwise import CHUNK

O, A, B = "OAB"


def tasks(O, A):
    return O * -(-A // CHUNK)


@kernel(out="y")
def put(x: f32[O, A], y: f32[O, B], start: i64, begin, end):
    """y[:, start : start + A] <- x."""
    O, A = x.shape
    chunks = (A + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        o, first = task // chunks, task % chunks * CHUNK
        for i in range(first, min(first + CHUNK, A)):
            y[o, start + i] = x[o, i]


@kernel(out="y")
def take(x: f32[O, B], y: f32[O, A], start: i64, begin, end):
    """y <- x[:, start : start + A]."""
    O, A = y.shape
    chunks = (A + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        o, first = task // chunks, task % chunks * CHUNK
        for i in range(first, min(first + CHUNK, A)):
            y[o, i] = x[o, start + i]
