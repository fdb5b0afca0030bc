"""wire: protobuf's binary form, walked by hand.

A message is a run of fields: a varint `number << 3 | kind`, then a value of that kind.  Nothing is copied: a field is
where it lies.  Every length is checked against what is there before it is used.
"""

from collections.abc import Iterator
from typing import Any

VARINT, FIXED64, BYTES, OPEN, CLOSE, FIXED32 = range(6)
WIDTH = {FIXED64: 8, FIXED32: 4}


class Broken(Exception):
    """Not the wire format from `at` on; `wanted` bytes where `there` are, if it just ends too early."""

    def __init__(self, at: int, wanted: int = 0, there: int = 0):
        super().__init__(f"byte {at}" + (f": {wanted} bytes are announced, {there} are there" if wanted else ""))
        self.at, self.cut = at, wanted > there


def varint(buffer: Any, at: int, end: int) -> tuple[int, int]:
    """The unsigned number that begins at `at`, and where the next thing begins."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise Broken(at, 1, 0)
        byte = buffer[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise Broken(at)


def fields(buffer: Any, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """(number, kind, begin, end) of each field's value; for a varint, (number, VARINT, value, end)."""
    at, end = begin, len(buffer) if end is None else end
    while at < end:
        tag, after = varint(buffer, at, end)
        number, kind = tag >> 3, tag & 7
        if number == 0 or kind > FIXED32 or kind in (OPEN, CLOSE):
            raise Broken(at)
        if kind == VARINT:
            value, at = varint(buffer, after, end)
            yield number, kind, value, at
            continue
        size, start = varint(buffer, after, end) if kind == BYTES else (WIDTH[kind], after)
        if size > end - start:
            raise Broken(at, size, end - start)
        at = start + size
        yield number, kind, start, at


def field(number: int, kind: int, value: int | bytes = b"") -> bytes:
    """A field as it is written; for BYTES, `value` may be the length alone and the bytes follow."""
    head = encoded(number << 3 | kind)
    if kind == BYTES:
        return head + (encoded(value) if isinstance(value, int) else encoded(len(value)) + value)
    return head + (encoded(value) if isinstance(value, int) else value)


def encoded(value: int) -> bytes:
    """A varint; negative numbers take ten bytes."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
