"""Databases of records, told apart by what lies there: `backend` in a prototxt is often wrong, and rarely matters.

    LMDB       a folder with data.mdb, or the file itself
    LevelDB    a folder with CURRENT

Each has  len(), records(skip) -> (key, value)..., picked(numbers) -> the same, close()  and a `path`.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from protonet.data.draws import Draws
from protonet.data.leveldb import Leveldb
from protonet.data.lmdb import Lmdb
from protonet.errors import DataError
from protonet.io.sniff import what_is


class Database(Protocol):
    path: Any

    def __len__(self) -> int: ...
    def records(self, skip: int = 0) -> Iterator[tuple[bytes, Any]]: ...
    def picked(self, numbers: Iterable[int]) -> Iterator[tuple[bytes, Any]]: ...
    def close(self) -> None: ...


def open_database(path: str | Path) -> Database:
    """The database at a path.  Refuses what is none, and an empty one."""
    path = Path(path)
    if not path.exists():
        raise DataError("there is no such database; `protonet convert` makes one of a folder of images", path)
    if path.is_dir():
        if (path / "data.mdb").exists():
            database: Database = Lmdb(path)
        elif (path / "CURRENT").exists():
            database = Leveldb(path)
        else:
            some = ", ".join(sorted(p.name for p in path.iterdir())[:4]) or "nothing"
            raise DataError(f"expected a database (data.mdb, or CURRENT for LevelDB), found a folder with {some}", path)
    else:
        what = what_is(path)
        if what != "an LMDB database":
            hint = "; HDF5 files are read by an HDF5Data layer" if what == "an HDF5 file" else ""
            raise DataError(f"expected a database, found {what or 'a file that is none'}{hint}", path)
        database = Lmdb(path)
    if next(database.records(), None) is None:
        database.close()
        raise DataError("the database is empty", path)
    return database


def shuffled(database: Database, draws: Draws, skip: int = 0) -> Iterator[tuple[bytes, Any]]:
    """The records over and over, each round in an order of its own."""

    def numbers() -> Iterator[int]:
        epoch, at = divmod(skip, len(database))
        while True:
            yield from draws.order(epoch, len(database))[at:].tolist()
            epoch, at = epoch + 1, 0

    return database.picked(numbers())


def endless(database: Database, skip: int = 0) -> Iterator[tuple[bytes, Any]]:
    """The records over and over, from number `skip` (of the first round) on."""
    rounds = chain.from_iterable(database.records() for _ in iter(int, 1))
    return chain(database.records(skip), rounds)
