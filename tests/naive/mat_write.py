"""A MAT file of level 5 read in plain Python: the one array that it holds."""

import struct

import numpy as np


def mat_write(path):
    """(name, array with MATLAB's axes)."""
    raw = path.read_bytes()
    assert raw[:10] == b"MATLAB 5.0"
    assert raw[124:128] == b"\x00\x01IM"
    kind, size = struct.unpack_from("<II", raw, 128)
    assert (kind, size) == (14, len(raw) - 136)
    at, parts = 136, []
    while at < len(raw):
        kind, size = struct.unpack_from("<II", raw, at)
        parts.append((kind, raw[at + 8 : at + 8 + size]))
        at += 8 + -(-size // 8) * 8
    (flags, dims, name, data) = (part for _, part in parts)
    assert [kind for kind, _ in parts] == [6, 5, 1, 7]
    assert flags[0] == 7  # single precision
    shape = struct.unpack(f"<{len(dims) // 4}i", dims)
    return name.decode(), np.frombuffer(data, "<f4").reshape(shape, order="F")
