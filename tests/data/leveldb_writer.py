"""A LevelDB written by hand, as its documents say: tables with levels, shared prefixes and packed blocks, and a log."""

import struct

from protonet.io.wire import encoded

MAGIC = bytes.fromhex("57fb808b247547db")


def sized(data):
    return encoded(len(data)) + data


def block(entries, restart=3):
    out, last, restarts = b"", b"", []
    for i, (key, value) in enumerate(entries):
        if i % restart == 0:
            restarts.append(len(out))
            last = b""
        same = next((n for n, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), min(len(key), len(last)))
        out += encoded(same) + encoded(len(key) - same) + encoded(len(value)) + key[same:] + value
        last = key
    return out + b"".join(struct.pack("<I", at) for at in restarts or [0]) + struct.pack("<I", max(1, len(restarts)))


def internal(key, sequence, kind=1):
    return key + struct.pack("<Q", sequence << 8 | kind)


def table(entries, per_block=4, pack=None):
    """entries: (key, sequence, kind, value), sorted."""
    out, index = b"", []
    for at in range(0, len(entries), per_block):
        part = [(internal(key, sequence, kind), value) for key, sequence, kind, value in entries[at : at + per_block]]
        stored = block(part)
        packed = pack(stored) if pack else stored
        index.append((part[-1][0], encoded(len(out)) + encoded(len(packed))))
        out += packed + (b"\x01" if pack else b"\x00") + bytes(4)
    ends = []
    for stored in (block([]), block(index, 1)):
        ends.append(encoded(len(out)) + encoded(len(stored)))
        out += stored + bytes(5)
    return out + b"".join(ends).ljust(40, b"\0") + MAGIC


def log(records, page=32768):
    out = b""
    for record in records:
        first = True
        while first or record:
            left = page - len(out) % page
            if left < 7:
                out += bytes(left)
                continue
            piece, record = record[: left - 7], record[left - 7 :]
            kind = (1 if not record else 2) if first else (4 if not record else 3)
            out += struct.pack("<IHB", 0, len(piece), kind) + piece
            first = False
    return out


def batch(sequence, operations):
    """operations: (key, value), or (key, None) to delete."""
    body = b"".join((b"\x01" + sized(k) + sized(v)) if v is not None else b"\x00" + sized(k) for k, v in operations)
    return struct.pack("<QI", sequence, len(operations)) + body


def edit(tables=(), deleted=(), log_number=None):
    """tables: (level, number, first internal key, last)."""
    out = b"\x01" + sized(b"leveldb.BytewiseComparator")
    if log_number is not None:
        out += b"\x02" + encoded(log_number)
    out += b"\x03" + encoded(99) + b"\x04" + encoded(99) + b"\x05" + encoded(1) + sized(internal(b"x", 1))
    for level, number in deleted:
        out += b"\x06" + encoded(level) + encoded(number)
    for level, number, first, last in tables:
        out += b"\x07" + encoded(level) + encoded(number) + encoded(1000) + sized(first) + sized(last)
    return out
