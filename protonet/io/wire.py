"""The protobuf wire format, walked by hand: what a caffemodel needs of it, and nothing copied on the way.

The message classes would do, but hold a model twice, and in runtimes before protobuf 7 give out its floats one Python
object at a time: 138 million of them for VGG-16.  Here a field is where it lies, and floats are one numpy view of the
file.  Every length is checked against what is there before it is used.
"""

from typing import Any

import numpy as np

from protonet.proto.wire import BYTES, FIXED32, FIXED64, VARINT, Broken, encoded, field, fields, varint

__all__ = ["BYTES", "FIXED32", "FIXED64", "VARINT", "Broken", "encoded", "field", "fields", "varint"]


def signed(value: int) -> int:
    """A varint as the int32 or int64 it stands for."""
    return value - (1 << 64) if value >> 63 else value


def text(buffer: Any, begin: int, end: int) -> str:
    return bytes(buffer[begin:end]).decode("utf-8", "replace")


def varints(buffer: Any, kind: int, begin: int, end: int) -> list[int]:
    """The numbers of one field of a repeated integer, packed or not."""
    if kind == VARINT:
        return [signed(begin)]
    values = []
    while begin < end:
        value, begin = varint(buffer, begin, end)
        values.append(signed(value))
    return values


def numbers(buffer: Any, parts: list[tuple[int, int]], dtype: str) -> np.ndarray:
    """The numbers that lie in `parts` (packed runs, or one each), as one new float32 array."""
    width = np.dtype(dtype).itemsize
    whole = [(begin, (end - begin) // width) for begin, end in parts]
    if len(whole) > 2 and all(count == 1 for _, count in whole):  # unpacked: a tag before each
        at = np.array([begin for begin, _ in whole])[:, None] + np.arange(width)
        return np.frombuffer(buffer, np.uint8)[at].view(dtype).ravel().astype(np.float32)
    result = np.empty(sum(count for _, count in whole), np.float32)
    done = 0
    for begin, count in whole:
        result[done : done + count] = np.frombuffer(buffer, dtype, count, begin)
        done += count
    return result
