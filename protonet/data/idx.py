"""IDX, the format MNIST comes in: two zero bytes, the type (8: uint8), how many axes; sizes, big-endian int32; numbers.

Plain or gzipped, told apart by content.
"""

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np

from protonet.errors import DataError
from protonet.runtime import limit

UBYTE, GZIP = 8, b"\x1f\x8b"


def is_idx(path: str | Path) -> bool:
    """Whether a file begins as an IDX file of uint8 does."""
    try:
        head = start(path)
    except (OSError, EOFError, zlib.error):
        return False
    return len(head) == 4 and head[:3] == bytes((0, 0, UBYTE)) and 1 <= head[3] <= 4


def start(path: str | Path) -> bytes:
    with opened(path) as file:
        return file.read(4)


def opened(path: str | Path):
    with open(path, "rb") as file:
        packed = file.read(2) == GZIP
    return gzip.open(path, "rb") if packed else open(path, "rb")


def load(path: str | Path) -> np.ndarray:
    """The array of an IDX file, uint8.  No more is read than its head announces, and no less accepted."""
    try:
        with opened(path) as file:
            head = file.read(4)
            if len(head) < 4 or head[:3] != bytes((0, 0, UBYTE)) or not 1 <= head[3] <= 4:
                raise DataError(f"expected an IDX file of uint8, found one that begins with {head.hex(' ')}", path)
            sizes = file.read(4 * head[3])
            if len(sizes) < 4 * head[3]:
                raise DataError("the file ends in its head", path)
            shape = tuple(np.frombuffer(sizes, ">u4").tolist())
            data = bytearray()
            while len(data) < prod(shape) and (more := file.read(min(prod(shape) - len(data), 1 << 24))):
                data += more
                limit.need(2 * len(data), f"{path}: reading an array of shape {shape}")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot be read ({str(error).lower()})", path) from None
    if len(data) != prod(shape):
        raise DataError(
            f"{shape} is announced, {prod(shape)} bytes, but {len(data)} are there: a truncated download?", path
        )
    return np.frombuffer(bytes(data), np.uint8).reshape(shape)


def labels_beside(path: str | Path) -> Path:
    """MNIST's own naming: the labels of train-images-idx3-ubyte are train-labels-idx1-ubyte."""
    path = Path(path)
    names = {
        path.name.replace("images", "labels").replace(three, one)
        for three, one in (("idx3", "idx1"), ("idx4", "idx1"))
        if "images" in path.name
    }
    for name in sorted(names):
        stem = name.removesuffix(".gz")
        for candidate in (name, stem, stem + ".gz"):
            if candidate != path.name and (path.parent / candidate).exists():
                return path.parent / candidate
    raise DataError("found no labels beside these images; name the file of the labels", path)
