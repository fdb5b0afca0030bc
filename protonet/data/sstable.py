"""LevelDB's two file formats: logs of records, and tables of sorted entries.

a log      pages of 32 KiB with pieces: checksum (4), size (2), kind (1: whole, 2 first, 3 middle, 4 last), bytes
a table    blocks, each followed by 1 byte (0: as it is, 1: Snappy) and a checksum; the last 48 bytes lead to the
           index, a block whose values say where the others lie
a block    entries, each saying how much of the key before it it shares; then restarts, which we have no use for
"""

import logging
import struct
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from protonet.data import snappy
from protonet.io import wire

log = logging.getLogger(__name__)

MAGIC = bytes.fromhex("57fb808b247547db")
FOOTER, TRAILER, PAGE = 48, 5, 32768


def table(data: Any) -> Iterator[tuple[bytes, Any]]:
    """(key, value) of a table, in order."""
    if data[-len(MAGIC) :] != MAGIC:
        raise wire.Broken(len(data) - len(MAGIC))
    footer = data[-FOOTER:]
    index, _ = handle(footer, handle(footer, 0)[1])
    for _, where in entries(block(data, *index)):
        yield from entries(block(data, *handle(where, 0)[0]))


def logged(data: bytes) -> Iterator[bytes]:
    """The records of a log: pieces with a head, in pages that no piece crosses; a cut tail is ignored, as there."""
    at, record = 0, b""
    while at + 7 <= len(data):
        left = PAGE - at % PAGE
        if left < 7:
            at += left
            continue
        _, size, kind = struct.unpack_from("<IHB", data, at)
        if kind == 0 or at + 7 + size > len(data):
            return
        piece = data[at + 7 : at + 7 + size]
        record = piece if kind in (1, 2) else record + piece  # whole, first, middle, last
        if kind in (1, 4):
            yield record
        at += 7 + size


def sized(data: Any, at: int) -> tuple[Any, int]:
    size, at = wire.varint(data, at, len(data))
    if size > len(data) - at:
        raise wire.Broken(at, size, len(data) - at)
    return data[at : at + size], at + size


def handle(data: Any, at: int) -> tuple[tuple[int, int], int]:
    """(offset, size) of a block, and where it ended."""
    offset, at = wire.varint(data, at, len(data))
    size, at = wire.varint(data, at, len(data))
    return (offset, size), at


def block(data: Any, offset: int, size: int) -> Any:
    """A block, unpacked."""
    if offset + size + TRAILER > len(data):
        raise wire.Broken(offset, size, len(data) - offset)
    kind = data[offset + size]
    if kind not in (0, 1):
        raise wire.Broken(offset + size)
    stored = data[offset : offset + size]
    return unpacker()(stored) if kind else stored


def entries(block: Any) -> Iterator[tuple[bytes, Any]]:
    """(key, value) of a block; a key gives only what differs from the key before it."""
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    at, key = 0, b""
    while at < end:
        same, at = wire.varint(block, at, end)
        more, at = wire.varint(block, at, end)
        size, at = wire.varint(block, at, end)
        if more + size > end - at:
            raise wire.Broken(at, more + size, end - at)
        key = key[:same] + block[at : at + more]
        yield key, block[at + more : at + more + size]
        at += more + size


@cache
def unpacker() -> Callable[[Any], Any]:
    """cramjam's Snappy if it is installed, else ours."""
    try:
        from cramjam import DecompressionError
        from cramjam import snappy as fast
    except ImportError:
        log.warning("unpacking LevelDB in Python, slowly; pip install 'protonet[leveldb]' makes it fast")
        return snappy.unpack

    def unpack(stored: bytes) -> Any:
        size, _ = wire.varint(stored, 0, len(stored))
        if size > 64 * len(stored) + 64:
            raise wire.Broken(0, size, len(stored))
        try:
            return bytes(fast.decompress_raw(stored))
        except DecompressionError as error:
            raise wire.Broken(0) from error

    return unpack
