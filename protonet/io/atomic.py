"""Files that are there whole or not at all: written under another name beside their place, flushed, renamed.

A run killed in the middle of a snapshot leaves the last one as it was.  os.replace is atomic on every system, also
over an existing file; what it needs is the same folder, and that nobody has the old file open on Windows.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """The name to write to; it takes the place of `path` when the block ends well, and goes when it does not."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield aside
        flush(aside)
        os.replace(aside, path)
    except BaseException:
        with suppress(FileNotFoundError):
            aside.unlink()
        raise
    with suppress(OSError):  # the rename itself; folders cannot be flushed on Windows
        flush(path.parent)


def flush(path: Path) -> None:
    """What was written is on the disk when this returns."""
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
