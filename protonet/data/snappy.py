"""Snappy's raw format, which LevelDB packs its blocks with: literals, and copies of what was unpacked before.

cramjam (the extra `leveldb`) does it 50 times faster; this is enough for a first look, and for checking.
"""

from typing import Any

from protonet.io import wire


def unpack(data: Any) -> bytes:
    """The bytes that `data` stands for.  Raises wire.Broken where it is no Snappy stream."""
    size, at = wire.varint(data, 0, len(data))
    if size > 64 * len(data) + 64:  # a copy of 64 bytes takes two
        raise wire.Broken(0, size, len(data))
    out = bytearray()
    end = len(data)
    while at < end:
        tag = data[at]
        kind, length = tag & 3, tag >> 2
        at += 1
        if kind == 0:  # a literal; lengths from 61 on say how many bytes hold the length
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(data[at : at + extra], "little")
                at += extra
            length += 1
            if length > end - at:
                raise wire.Broken(at, length, end - at)
            out += data[at : at + length]
            at += length
            continue
        if kind == 1:  # 4 to 11 bytes, from up to 2047 back
            extra, high, length = 1, tag >> 5 << 8, (length & 7) + 4
        else:
            extra, high, length = (2, 0, length + 1) if kind == 2 else (4, 0, length + 1)
        back = high | int.from_bytes(data[at : at + extra], "little")
        at += extra
        start = len(out) - back
        if start < 0 or back == 0 or at > end:
            raise wire.Broken(at)
        if back >= length:
            out += out[start : start + length]
        else:  # a copy that reads what it writes: the last `back` bytes, repeated
            out += (bytes(out[start:]) * (length // back + 1))[:length]
    if len(out) != size:
        raise wire.Broken(at, size, len(out))
    return bytes(out)
