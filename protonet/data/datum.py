"""Datum, the record of a database: an image as raw bytes, as an encoded file, or as floats; and a label.

    raw       channels, height, width (1, 2, 3), data (4): uint8, channels first; label (5); encoded (7) false
    encoded   data: a JPEG, PNG ... file; label; encoded true
    floats    channels, height, width, label, float_data (6)

The records of a database look alike: what stands before the pixels of the first stands before those of the others
too, and labels are few.  So a batch of small raw records is cut by two slices each, with no parsing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from protonet.data.several import each
from protonet.errors import DataError
from protonet.io import images, wire

SMALL = 16384  # pixels: below, joining a batch is quicker than looking at its images one by one
TAGGED = np.dtype([("tag", "u1"), ("number", "<f4")])
FLOAT_TAG = 6 << 3 | wire.FIXED32


@dataclass
class Datum:
    """One record, read.  `shape` is (0, 0, 0) for an encoded image."""

    shape: tuple[int, int, int]
    label: int
    data: Any
    floats: np.ndarray | None
    encoded: bool

    def image(self, color: bool | None = None) -> np.ndarray:
        """(C, H, W), uint8 or float32; `color` as for images.decode."""
        if self.encoded:
            return images.decode(self.data, color).transpose(2, 0, 1)
        pixels = self.floats if self.floats is not None else np.frombuffer(self.data, np.uint8)
        if min(self.shape) <= 0 or pixels.size != prod(self.shape):
            raise DataError(
                f"a datum says it is {self.shape}, which is {prod(self.shape)}, and holds {pixels.size} values"
            )
        return pixels.reshape(self.shape)


def parse(value: Any) -> Datum:
    """Read one record."""
    ints = {1: 0, 2: 0, 3: 0, 5: 0, 7: 0}
    data: Any = b""
    floats: list[np.ndarray] = []
    at = 0
    try:
        while at < len(value) and len(floats) < 100:
            for number, kind, begin, end in wire.fields(value, at):
                at = end
                if kind == wire.VARINT and number in ints:
                    ints[number] = wire.signed(begin)
                elif (number, kind) == (4, wire.BYTES):
                    data = value[begin:end]
                elif (number, kind) == (6, wire.BYTES):
                    floats.append(wire.numbers(value, [(begin, end)], "<f4"))
                elif (number, kind) == (6, wire.FIXED32):
                    floats.append(tagged(value, begin - 1))
                    at = begin - 1 + TAGGED.itemsize * len(floats[-1])
                    break
    except wire.Broken as error:
        raise DataError(f"expected a Datum, found another kind of record ({error})") from None
    numbers = np.concatenate(floats) if floats and not len(data) else None
    return Datum((ints[1], ints[2], ints[3]), ints[5], data, numbers, bool(ints[7]))


def tagged(value: Any, at: int) -> np.ndarray:
    """The run of unpacked floats that begins at a tag: (tag, four bytes) each."""
    run = np.frombuffer(value, TAGGED, (len(value) - at) // TAGGED.itemsize, at)
    other = run["tag"] != FLOAT_TAG
    return run["number"][: int(other.argmax()) if other.any() else len(run)].astype(np.float32)


class Reader:
    """Reads batches of records; remembers what the last batch looked like."""

    def __init__(self, color: bool | None = None):
        self.color = color
        self.shape: tuple[int, int, int] = (0, 0, 0)
        self.head = b""
        self.labels: dict[bytes, int] = {}  # by the bytes after the pixels

    def read(self, records: Sequence[tuple[Any, Any]]) -> tuple[Any, list[int]]:
        """(images, labels) of (key, value) pairs: one array (N, C, H, W), or a list of (C, H, W) where they differ."""
        if self.head and (batch := self.alike([value for _, value in records])):
            return batch
        data = []
        for key, value in records:
            with named(key):
                data.append((key, parse(value)))
        *_, (_, last) = data
        found = each(self.image, data) if last.encoded else list(map(self.image, data))
        self.learn(last)
        return found, [datum.label for _, datum in data]

    def image(self, keyed: tuple[Any, Datum]) -> np.ndarray:
        key, datum = keyed
        with named(key):
            return datum.image(self.color)

    def learn(self, datum: Datum) -> None:
        """If records are raw and small, what they begin with."""
        size = len(datum.data)
        if not datum.encoded and datum.floats is None and 0 < size <= SMALL:
            axes = b"".join(wire.field(axis + 1, wire.VARINT, n) for axis, n in enumerate(datum.shape))
            self.shape, self.head = datum.shape, axes + wire.field(4, wire.BYTES, size)

    def alike(self, values: list[Any]) -> tuple[np.ndarray, list[int]] | None:
        """The batch, if all its records begin as expected; None where one does not."""
        head, known = self.head, self.labels
        start, stop = len(head), len(head) + prod(self.shape)
        pixels, labels = [], []
        for value in values:
            tail = bytes(value[stop:])
            if value[:start] != head or (tail not in known and not self.understand(tail)):
                return None
            pixels.append(value[start:stop])
            labels.append(known[tail])
        joined = b"".join(pixels)
        if len(joined) != len(values) * (stop - start):
            return None
        return np.frombuffer(joined, np.uint8).reshape(len(values), *self.shape), labels

    def understand(self, tail: bytes) -> bool:
        """Enter what stands after the pixels, if it is a label of a raw datum."""
        try:
            datum = parse(tail)
        except DataError:
            return False
        if datum.encoded or len(datum.data) or datum.floats is not None or any(datum.shape):
            return False
        if len(self.labels) > 100_000:
            self.labels.clear()
        self.labels[tail] = datum.label
        return True


@contextmanager
def named(key: Any) -> Iterator[None]:
    """What goes wrong within is of this record."""
    try:
        yield
    except DataError as error:
        raise error.at(f"record '{bytes(key).decode(errors='replace')}'") from None


def raw(image: np.ndarray, label: int, encoded_field: bool = True) -> bytes:
    """A raw datum of (C, H, W) uint8, as Caffe's tools write it (convert_mnist_data leaves out `encoded`)."""
    dims = b"".join(wire.field(axis + 1, wire.VARINT, n) for axis, n in enumerate(image.shape))
    tail = wire.field(7, wire.VARINT, 0) if encoded_field else b""
    return dims + wire.field(4, wire.BYTES, image.tobytes()) + wire.field(5, wire.VARINT, label) + tail


def encoded(file: bytes, label: int) -> bytes:
    """A datum that holds an image file."""
    return wire.field(4, wire.BYTES, file) + wire.field(5, wire.VARINT, label) + wire.field(7, wire.VARINT, 1)
