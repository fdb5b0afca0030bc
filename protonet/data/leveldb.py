"""LevelDB databases, read only, by a reader of our own: LevelDB's library writes to a database that it only reads.

    CURRENT          names the manifest, a log of edits: which tables there are, which log is not yet in a table
    NNNNNN.ldb       a table: blocks of sorted entries, maybe packed with Snappy, an index of the blocks, a footer
    NNNNNN.log       what was written last: batches of puts and deletes
    a key of a table is the user's key, then 8 bytes: sequence number << 8 | 1 (a value) or 0 (deleted)

Tables of one level lie apart, those of level 0 may overlap, and a newer entry hides an older one of its key.
"""

import heapq
import mmap
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from protonet.data import sstable
from protonet.data.sstable import logged, sized
from protonet.errors import DataError
from protonet.io import wire

Entry = tuple[bytes, int, Any]  # key, minus (sequence << 8 | kind): the newest of a key first, value


@dataclass
class Table:
    number: int
    smallest: bytes
    largest: bytes


class Leveldb:
    """Records (key, value) in the order of their keys."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        try:
            self.tables, logs = self.manifest()
            self.recent = sorted(entry for number in logs for entry in self.batches(number))
        except (OSError, ValueError, wire.Broken, IndexError, struct.error) as error:
            raise DataError(f"not a LevelDB that can be read ({error})", path) from None

    def __len__(self) -> int:
        return sum(1 for _ in self.records())

    def records(self, skip: int = 0) -> Iterator[tuple[bytes, Any]]:
        """All records from number `skip` on, once."""
        return islice(self.alive(), skip, None)

    def alive(self) -> Iterator[tuple[bytes, Any]]:
        last = None
        for key, order, value in self.entries():
            if key != last and -order & 1:
                yield key, value
            last = key

    def picked(self, numbers: Iterable[int]) -> Iterator[tuple[bytes, Any]]:
        """Not here: tables are read from their beginning."""
        raise DataError("a LevelDB can only be read in order: leave out shuffle, or convert it to an LMDB", self.path)

    def close(self) -> None:
        """Nothing stays open."""

    def entries(self) -> Iterator[Entry]:
        """Everything that was ever put or deleted and is still there, by key, the newest first."""
        if self.recent:
            parts = [self.table(table) for table in self.tables]
            return heapq.merge(self.recent, *parts, key=lambda entry: entry[:2])
        return chain.from_iterable(map(self.group, groups(self.tables)))

    def group(self, tables: list[Table]) -> Iterator[Entry]:
        parts = [self.table(table) for table in tables]
        return parts[0] if len(parts) == 1 else heapq.merge(*parts, key=lambda entry: entry[:2])

    def manifest(self) -> tuple[list[Table], list[int]]:
        """The tables that count, by their first key, and the logs that are newer than all of them."""
        name = (self.path / "CURRENT").read_bytes().decode("ascii").strip()
        tables: dict[int, Table] = {}
        first = before = 0
        for record in logged((self.path / name).read_bytes()):
            at = 0
            while at < len(record):
                tag, at = wire.varint(record, at, len(record))
                if tag in (2, 3, 4, 9):
                    value, at = wire.varint(record, at, len(record))
                    first = value if tag == 2 else first
                    before = value if tag == 9 else before
                elif tag == 1:
                    _, at = sized(record, at)
                elif tag == 5:
                    _, at = wire.varint(record, at, len(record))
                    _, at = sized(record, at)
                elif tag in (6, 7):
                    _, at = wire.varint(record, at, len(record))
                    number, at = wire.varint(record, at, len(record))
                    tables.pop(number, None)
                    if tag == 7:
                        _, at = wire.varint(record, at, len(record))
                        smallest, at = sized(record, at)
                        largest, at = sized(record, at)
                        tables[number] = Table(number, bytes(smallest[:-8]), bytes(largest[:-8]))
                else:
                    raise wire.Broken(at)
        found = (int(file.stem) for file in self.path.glob("*.log") if file.stem.isdigit())
        logs = sorted(number for number in found if number >= first or number == before)
        return sorted(tables.values(), key=lambda table: table.smallest), logs

    def batches(self, number: int) -> Iterator[Entry]:
        """What a log holds."""
        for record in logged((self.path / f"{number:06}.log").read_bytes()):
            sequence, count = struct.unpack_from("<QI", record)
            at = 12
            for i in range(count):
                kind = record[at]
                key, at = sized(record, at + 1)
                value, at = sized(record, at) if kind else (b"", at)
                yield bytes(key), -((sequence + i) << 8 | kind), value

    def table(self, table: Table) -> Iterator[Entry]:
        """The entries of a table."""
        path = next((p for end in ("ldb", "sst") if (p := self.path / f"{table.number:06}.{end}").exists()), None)
        if path is None:
            raise DataError(f"table {table.number:06}.ldb is missing: an incomplete copy?", self.path)
        try:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                for key, value in sstable.table(data):
                    yield key[:-8], -int.from_bytes(key[-8:], "little"), value
        except (OSError, ValueError, wire.Broken, IndexError, struct.error) as error:
            raise DataError(f"a damaged table ({str(error).lower()})", path) from None


def groups(tables: list[Table]) -> Iterator[list[Table]]:
    """Tables whose keys overlap, together; they come sorted by first key."""
    group: list[Table] = []
    for table in tables:
        if group and table.smallest > max(one.largest for one in group):
            yield group
            group = []
        group.append(table)
    if group:
        yield group
