"""BlobProto on the wire: one array, with its shape, maybe its gradient, in one of the ways that files have.

    data            packed floats (field 5); double_data (8); or raw bytes with a type (NVIDIA's fork: 10 and 12)
    shape           field 7, any number of axes; older files have num, channels, height, width (1 to 4) instead

Read into new float32 arrays, never larger than the file that holds them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import numpy as np

from protonet.errors import WeightsError
from protonet.io import wire

RAW = {0: "<f8", 1: "<f4", 2: "<f2", 3: "<i4", 4: "<u4"}  # NVIDIA's enum Type
DATA, DIFF, SHAPE, DOUBLE_DATA, DOUBLE_DIFF, RAW_DATA_TYPE, RAW_DIFF_TYPE, RAW_DATA, RAW_DIFF = (
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
)


@dataclass
class Blob:
    data: np.ndarray
    diff: np.ndarray | None = None


def read(buffer: Any, begin: int = 0, end: int | None = None) -> Blob:
    """The blob that lies in the buffer.  Raises WeightsError where shape and numbers contradict each other."""
    old: dict[int, int] = {}
    shape: list[int] | None = None
    kinds: dict[int, int] = {}
    parts: dict[int, list[tuple[int, int]]] = {}
    for number, kind, at, stop in wire.fields(buffer, begin, end):
        if number <= 4 and kind == wire.VARINT:
            old[number] = wire.signed(at)
        elif number == SHAPE and kind == wire.BYTES:
            shape = (shape or []) + [
                dim
                for one, how, first, last in wire.fields(buffer, at, stop)
                if one == 1
                for dim in wire.varints(buffer, how, first, last)
            ]
        elif number in (RAW_DATA_TYPE, RAW_DIFF_TYPE) and kind == wire.VARINT:
            kinds[number] = at
        elif kind in (wire.BYTES, wire.FIXED32, wire.FIXED64):
            parts.setdefault(number, []).append((at, stop))
    if shape is None and old:
        shape = [old.get(axis, 0) for axis in (1, 2, 3, 4)]
    data = numbers(buffer, parts, kinds, DATA, DOUBLE_DATA, RAW_DATA, RAW_DATA_TYPE)
    diff = numbers(buffer, parts, kinds, DIFF, DOUBLE_DIFF, RAW_DIFF, RAW_DIFF_TYPE)
    if data is None:
        data = np.empty(0, np.float32)
    return Blob(shaped(data, shape, "numbers"), None if diff is None else shaped(diff, shape, "gradients"))


def numbers(buffer, parts, kinds, single, double, raw, raw_type) -> np.ndarray | None:
    """The array in whichever of its three fields is there."""
    if single in parts:
        return wire.numbers(buffer, parts[single], "<f4")
    if double in parts:
        return wire.numbers(buffer, parts[double], "<f8")
    if raw in parts:
        kind = kinds.get(raw_type, 1)
        if kind not in RAW:
            raise WeightsError(f"raw data of type {kind}, which no fork defines; expected 0 to 4")
        return wire.numbers(buffer, parts[raw], RAW[kind])
    return None


def shaped(data: np.ndarray, shape: list[int] | None, what: str) -> np.ndarray:
    if shape is None:
        return data.reshape(()) if data.size == 1 else data  # Caffe writes none for a single number; else a vector
    if min(shape, default=1) < 0 or len(shape) > 32 or prod(shape) != data.size:
        size = f"which is {prod(shape)}" if min(shape, default=1) >= 0 else "which no array has"
        raise WeightsError(f"its shape is {tuple(shape)}, {size}, but {data.size} {what} are there")
    return data.reshape(shape)


def size(data: np.ndarray, diff: np.ndarray | None = None) -> int:
    """The bytes that `pieces` gives for a blob."""
    return sum(len(piece) for piece in pieces(data, diff, measure=True))


def pieces(data: np.ndarray, diff: np.ndarray | None = None, measure: bool = False) -> Iterator[Any]:
    """The blob as it is written, in Caffe's order of fields: data, diff, shape."""
    for number, array in ((DATA, data), (DIFF, diff)):
        if array is not None and array.size:
            yield wire.field(number, wire.BYTES, 4 * array.size)
            flat = np.ascontiguousarray(array, "<f4").reshape(-1).view(np.uint8)
            yield range(flat.size) if measure else flat.data
    if np.ndim(data):
        dims = b"".join(map(wire.encoded, np.shape(data)))
        yield wire.field(SHAPE, wire.BYTES, wire.field(1, wire.BYTES, dims))


def write(file: BinaryIO, number: int, data: np.ndarray, diff: np.ndarray | None = None) -> None:
    """The blob as field `number` of the message being written."""
    file.write(wire.field(number, wire.BYTES, size(data, diff)))
    for piece in pieces(data, diff):
        file.write(piece)
