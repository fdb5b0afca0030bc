"""MAT files of level 5, as much of them as DeepLab writes: one array of single precision, not compressed.

The array's bytes stay as they are, and its axes are named the other way round, since MATLAB's first axis is the one
that runs fastest: (N, C, H, W) is W x H x C x N there.
"""

import struct

import numpy as np

from protonet.errors import DataError

MATRIX, INT8, INT32, UINT32, SINGLE = 14, 1, 5, 6, 7
CLASS_SINGLE = 7
LARGEST = 2**32 - 256  # bytes: sizes are 32 bits


def element(kind, data):
    """A tag and its data, to a multiple of 8 bytes."""
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def write(path, name, array):
    values = np.ascontiguousarray(array, np.float32)
    if values.nbytes > LARGEST:
        raise DataError(f"an array of {values.nbytes} bytes is too large for a MAT file of level 5", path)
    dims = (*[1] * (2 - values.ndim), *values.shape)[::-1]
    head = element(UINT32, struct.pack("<II", CLASS_SINGLE, 0)) + element(INT32, struct.pack(f"<{len(dims)}i", *dims))
    body = head + element(INT8, name.encode()) + element(SINGLE, values.tobytes())
    text = b"MATLAB 5.0 MAT-file, written by protonet".ljust(124) + struct.pack("<H", 0x0100) + b"IM"
    try:
        with open(path, "wb") as file:
            file.write(text + struct.pack("<II", MATRIX, len(body)) + body)
    except OSError as error:
        raise DataError(f"cannot be written ({error})", path) from None
