"""Batches of HDF5 files that a list names: rows of the datasets called as the tops are, any shape, any numbers.

One file is in memory at a time, as in Caffe.  `shuffle` gives every epoch its own order of the files, and of the rows
in each; a batch may reach from one file into the next.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from protonet.data.draws import Draws
from protonet.errors import DataError, ProtonetError, ShapeError
from protonet.io import hdf5
from protonet.prototxt.paths import find


class Hdf5Batches:
    """path: of the list; names: of the datasets."""

    def __init__(self, path: Path, names: list[str], size: int, shuffle: bool, draws: Draws):
        self.path, self.names, self.size, self.shuffle, self.draws = path, names, size, shuffle, draws
        try:
            lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except (OSError, UnicodeError) as error:
            raise DataError(
                f"the list of HDF5 files cannot be read: {getattr(error, 'strerror', error)}", path
            ) from None
        if lines and lines[0].startswith("\udc89HDF"):
            raise DataError(
                "expected a text file that lists HDF5 files, found an HDF5 file: put its name into a list", path
            )
        self.files = [find(line.strip(), path.parent) for line in lines if line.strip()]
        if not self.files:
            raise DataError("the list of HDF5 files is empty", path)
        self.known: dict[int, list[tuple[int, ...]]] = {}
        self.loaded: tuple[int, list[np.ndarray]] = (-1, [])
        self.rows = [shape[1:] for shape in self.datasets(0)]
        self.shapes = [(size, *row) for row in self.rows]
        self.at = -1

    def datasets(self, which: int) -> list[tuple[int, ...]]:
        """The shapes of the datasets in a file."""
        if which not in self.known:
            with self.opened(which) as file:
                self.known[which] = [self.dataset(file, name).shape for name in self.names]
            if len({shape[0] for shape in self.known[which]}) > 1:
                rows = ", ".join(f"{s[0]} in '{n}'" for n, s in zip(self.names, self.known[which], strict=True))
                raise DataError(f"the datasets differ in rows: {rows}", self.files[which])
        return self.known[which]

    def opened(self, which: int) -> Any:
        path = self.files[which]
        if not path.exists():
            raise DataError(f"no such file: {path}", self.path)
        return reading(path)

    def dataset(self, file: Any, name: str) -> Any:
        if name not in file or not hasattr(file[name], "shape"):
            raise DataError(
                f"there is no dataset '{name}' for the top of that name; there are {', '.join(sorted(file))}"
            )
        hdf5.check(file[name], f"dataset '{name}'")
        if not file[name].shape:
            raise DataError(f"dataset '{name}' has no rows: it is a single number")
        return file[name]

    def load(self, which: int) -> list[np.ndarray]:
        """The rows of a file, for each dataset."""
        shapes = self.datasets(which)
        if self.loaded[0] != which:
            for name, shape, row in zip(self.names, shapes, self.rows, strict=True):
                if shape[1:] != row:
                    raise ShapeError(
                        f"dataset '{name}' has rows of {shape[1:]}, in {self.files[0]} they are {row}",
                        self.files[which],
                    )
            self.loaded = (-1, [])
            with self.opened(which) as file:
                self.loaded = which, [hdf5.array(file[name], f"dataset '{name}'") for name in self.names]
        return self.loaded[1]

    def pieces(self, skip: int) -> Iterator[tuple[list[np.ndarray], np.ndarray]]:
        """(arrays, numbers of rows) of one file after the other, for ever, from row `skip` of the first epoch on."""
        epoch, n = 0, len(self.files)
        while True:
            seen = 0
            for which in self.draws.order(epoch, n).tolist() if self.shuffle else range(n):
                rows = self.datasets(which)[0][0]
                seen += rows
                if skip >= rows:
                    skip -= rows
                    continue
                order = self.draws.order(epoch, rows, 1 + which) if self.shuffle else np.arange(rows)
                yield self.load(which), order[skip:]
                skip = 0
            if not seen:
                raise DataError("none of the listed files has a row", self.path)
            epoch += 1

    def fill(self, index: int, out: list[np.ndarray]) -> list[np.ndarray]:
        if index != self.at:
            self.stream = self.pieces(index * self.size)
            self.arrays, self.order = next(self.stream)
        self.at, done = index + 1, 0
        while done < self.size:
            if not len(self.order):
                self.arrays, self.order = next(self.stream)
            rows, self.order = np.split(self.order, [self.size - done])
            part = rows if self.shuffle else slice(int(rows[0]), int(rows[-1]) + 1)
            for top, array in zip(out, self.arrays, strict=True):
                top[done : done + len(rows)] = array[part]
            done += len(rows)
        return out

    def close(self) -> None:
        self.loaded = (-1, [])


class reading:
    """An HDF5 file of data: what is wrong with it is a DataError."""

    def __init__(self, path: Path):
        self.path, self.file = path, hdf5.opened(path, "data in HDF5")

    def __enter__(self) -> Any:
        try:
            return self.file.__enter__()
        except ProtonetError as error:
            raise DataError(error.message, error.where) from None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        if isinstance(error, ProtonetError):
            self.file.__exit__(None, None, None)
            raise DataError(error.message, error.where or self.path) from None
        try:
            return self.file.__exit__(kind, error, trace)
        except ProtonetError as other:
            raise DataError(other.message, other.where) from None
