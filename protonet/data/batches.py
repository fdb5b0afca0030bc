"""Batches of a database: cut, decoded, transformed.  Batch i is what Caffe would give at the i-th forward pass.

A source of batches has  shapes (of the arrays of a batch),  fill(i, arrays) -> arrays  and  close().  It may return
others than it was given, where their shapes differ.  Consecutive batches are quick, any order is right.
"""

import logging
from collections.abc import Iterator
from itertools import islice
from typing import Any, Protocol

import numpy as np

from protonet.data.database import endless, open_database, shuffled
from protonet.data.datum import Reader, parse
from protonet.data.draws import Draws
from protonet.data.transform import Transform
from protonet.errors import ProtonetError

log = logging.getLogger(__name__)


class Batches(Protocol):
    shapes: list[tuple[int, ...]]

    def fill(self, index: int, out: list[np.ndarray]) -> list[np.ndarray]: ...
    def close(self) -> None: ...


class DatabaseBatches:
    """path: of the database; tops: 1 (images) or 2 (and labels); skip: where to begin, at random below;
    varied: images may differ in size from batch to batch."""

    def __init__(
        self, path, transform: Transform, size: int, tops: int, draws: Draws, skip=0, shuffle=False, varied=False
    ):
        self.database = open_database(path)
        self.transform, self.size, self.draws = transform, size, draws
        self.shuffle, self.varied = shuffle, varied
        self.reader = Reader(transform.color)
        self.skip = draws.begin(skip)
        self.skip %= len(self.database) if self.skip else 1
        image = first_shape(self.database, transform)
        self.shapes = [(size, *image), (size,)][:tops]
        self.at = -1
        self.records: Iterator[tuple[bytes, Any]] = iter(())

    def fill(self, index: int, out: list[np.ndarray]) -> list[np.ndarray]:
        if index != self.at:
            self.records = self.begun(self.skip + index * self.size)
        records = list(islice(self.records, self.size))
        self.at = index + 1
        try:
            images, labels = self.reader.read(records)
            if self.varied:
                out = fitting(out, [(len(images), *self.transform.shape(images[0].shape)), (len(images),)])
            self.transform(images, out[0], self.draws.batch(index) if self.transform.random else None)
        except ProtonetError as error:
            raise error.at(self.database.path) from None
        if len(out) > 1:
            out[1][...] = labels
        return out

    def begun(self, start: int) -> Iterator[tuple[bytes, Any]]:
        if self.shuffle:
            return shuffled(self.database, self.draws, start)
        return endless(self.database, start % len(self.database) if start else 0)

    def close(self) -> None:
        self.records = iter(())
        self.database.close()


def first_shape(database: Any, transform: Transform) -> tuple[int, int, int]:
    """What comes of the first record."""
    key, value = next(database.records())
    try:
        datum = parse(value)
        if transform.color is not None and not datum.encoded:
            log.warning(
                "%s: force_color and force_gray are for encoded images; these are raw, and stay as they are",
                database.path,
            )
        return transform.shape(datum.image(transform.color).shape)  # type: ignore[arg-type]
    except ProtonetError as error:
        raise error.at(f"record '{bytes(key).decode(errors='replace')}'").at(database.path) from None


def fitting(arrays: list[np.ndarray], shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """The arrays, or new ones where a shape has changed."""
    return [a if a.shape == s else np.empty(s, np.float32) for a, s in zip(arrays, shapes, strict=False)]
