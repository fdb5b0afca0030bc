"""Writing an LMDB: under another name until it is whole, its memory map growing as it fills.

The map begins small and doubles when it is full (Windows and macOS take a file as large as the map, so that a generous
guess would cost disk); what the full transaction held is put again.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from protonet.errors import DataError

FIRST_MAP = 16 << 20
GROUP, GROUP_BYTES = 1000, 64 << 20  # records and bytes of a transaction
OURS = {"data.mdb", "lock.mdb", "labels.txt"}


def store(
    path: str | Path,
    records: Iterable[tuple[bytes, bytes]],
    overwrite: bool = False,
    progress: Callable[[int], Any] | None = None,
    texts: dict[str, str] | None = None,
) -> int:
    """Write (key, value) records as an LMDB at `path`; returns how many.

    An existing database is kept unless `overwrite`; anything else that is there is never touched.  progress: called
    with the number of records so far; texts: files to put into the folder, by name.
    """
    with making(Path(path), overwrite) as aside:
        count = fill(aside, records, progress)
        for name, text in (texts or {}).items():
            (aside / name).write_text(text, encoding="utf-8", newline="\n")
    return count


@contextmanager
def making(path: Path, overwrite: bool) -> Iterator[Path]:
    """A folder to write to, which takes the place of `path` when the block ends well."""
    check(path, overwrite)
    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    aside.mkdir()
    try:
        yield aside
        if path.exists():
            check(path, overwrite)
            shutil.rmtree(path)
        os.rename(aside, path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def check(path: Path, overwrite: bool) -> None:
    """Refuse to replace what is no database, or one that nobody said may go."""
    if not path.exists():
        return
    if not path.is_dir() or {p.name for p in path.iterdir()} - OURS:
        raise DataError("there is something else already; choose another name for the database", path)
    if not overwrite and any(path.iterdir()):
        raise DataError("the database exists; remove it, or ask to overwrite it", path)


def fill(folder: Path, records: Iterable[tuple[bytes, bytes]], progress: Callable[[int], Any] | None) -> int:
    import lmdb

    environment = lmdb.open(str(folder), map_size=FIRST_MAP, sync=False, metasync=False, readahead=False)
    count = 0
    try:
        for group in groups(records):
            while True:
                try:
                    with environment.begin(write=True) as transaction:
                        for key, value in group:
                            transaction.put(key, value)
                    break
                except lmdb.MapFullError:
                    environment.set_mapsize(2 * environment.info()["map_size"])
            count += len(group)
            if progress:
                progress(count)
        environment.sync(True)
    except lmdb.Error as error:
        raise DataError(f"the database cannot be written ({str(error).rpartition(': ')[2]})", folder) from None
    finally:
        environment.close()
    return count


def groups(records: Iterable[tuple[bytes, bytes]]) -> Iterator[list[tuple[bytes, bytes]]]:
    """Records by the transaction: no more than a thousand, nor than some megabytes."""
    group: list[tuple[bytes, bytes]] = []
    size = 0
    for record in records:
        group.append(record)
        size += len(record[1])
        if len(group) == GROUP or size > GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
