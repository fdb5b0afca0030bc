"""The file of a program: a header, JSON, and arrays; what it is, and whether it is whole, is known before any is read.

    0     MAGIC, the version (2 bytes), bytes of the whole file and of the JSON (8 each), SHA-256 of the JSON
    64    the JSON, which says where the arrays lie
    4096n the arrays that plans use: read into huge pages (memory.py), since all of them are walked in every run
          the arrays that only a new plan would use: mapped, so that they cost nothing until then

All numbers little endian.  What lies in the file decides which memory kernels write: like a library, it is to be loaded
from sources that are trusted.
"""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np

from protonet.engine.memory import piece
from protonet.errors import WeightsError
from protonet.io.atomic import replacing
from protonet.io.sniff import PROGRAM as MAGIC
from protonet.io.sniff import what_is
from protonet.runtime import limit
from protonet.runtime.step import ALIGN

VERSION = 1
HEAD = struct.Struct(f"<{len(MAGIC)}sHQQ32s")
START, PAGE = 64, 4096
assert HEAD.size <= START


class Out:
    """Arrays on their way to a file: place(array) says where each will lie, [offset, bytes]."""

    def __init__(self):
        self.arrays, self.known, self.size, self.hot = [], {}, 0, 0

    def place(self, array):
        array = np.ascontiguousarray(array)
        key = array.ctypes.data, array.nbytes
        if key not in self.known:
            self.known[key] = [self.size, array.nbytes]
            self.arrays.append(array)  # which keeps its address from being another's
            self.size += -(-array.nbytes // ALIGN) * ALIGN
        return self.known[key]

    def heat(self):
        """What has been placed so far is used by plans."""
        self.hot = self.size


def write(path, content, arrays):
    """content: what JSON can say; arrays: an Out.  The file is there whole or not at all."""
    text = json.dumps({**content, "hot": arrays.hot, "size": arrays.size}, separators=(",", ":")).encode()
    begin = start(len(text))
    head = HEAD.pack(MAGIC, VERSION, begin + arrays.size, len(text), hashlib.sha256(text).digest())
    with replacing(path) as aside, aside.open("wb") as file:
        file.write(head.ljust(START, b"\0") + text)
        file.write(bytes(begin - START - len(text)))
        for array in arrays.arrays:
            file.write(array.reshape(-1).view(np.uint8).data)
            file.write(bytes(-array.nbytes % ALIGN))


def start(size):
    """Where arrays begin behind a JSON of this size."""
    return -(-(START + size) // PAGE) * PAGE


class In:
    """Arrays of a file: at([offset, bytes], dtype).  `hot` bytes of them are read, the rest is mapped."""

    def __init__(self, file, path, begin, hot, size):
        self.path, self.size = path, size
        limit.need(hot, "loading this program")
        self.hot = piece(hot)[:hot] if hot else np.empty(0, np.uint8)
        file.seek(begin)
        if file.readinto(self.hot.data) != hot:
            raise WeightsError("ends in the middle of its weights", path)
        rest = size - hot
        self.rest = np.memmap(path, np.uint8, "r", begin + hot, (rest,)) if rest else np.empty(0, np.uint8)

    def at(self, place, dtype):
        offset, size = place
        if not (
            0 <= offset <= offset + size <= self.size and (offset + size <= len(self.hot) or offset >= len(self.hot))
        ):
            raise WeightsError(f"says that an array lies at {offset}, where it does not end", self.path)
        hot = offset < len(self.hot) or not size
        whole, offset = (self.hot, offset) if hot else (self.rest, offset - len(self.hot))
        return np.asarray(whole[offset : offset + size]).view(dtype)


def is_program(path):
    """Whether a file begins as one."""
    if not isinstance(path, str | Path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read(path):
    """(content, In) of a file; WeightsError names what it is, if it is none, or what is wrong with it."""
    path = Path(path)
    try:
        if path.is_dir():
            raise WeightsError("expected a program that `protonet compile` wrote, found a folder", path)
        with path.open("rb") as file:
            content, begin = checked(file, path)
            return content, In(file, path, begin, content["hot"], content["size"])
    except OSError as error:
        raise WeightsError(f"cannot be read: {error.strerror or error}", path) from None


def checked(file, path):
    """(content, where arrays begin), if the file is whole and of this version."""
    head = file.read(START)
    if head[: len(MAGIC)] != MAGIC:
        found = what_is(path) or "something else"
        raise WeightsError(f"expected a program that `protonet compile` wrote, found {found}", path)
    actual = path.stat().st_size
    if len(head) < START:
        raise WeightsError(f"a program that is cut off after {actual} bytes", path)
    _, version, whole, size, digest = HEAD.unpack(head[: HEAD.size])
    if version != VERSION:
        raise WeightsError(f"a program of version {version}, and this protonet reads {VERSION}: compile it again", path)
    if actual != whole or START + size > whole:
        raise WeightsError(f"a program of {whole} bytes, of which {actual} are there: copy or compile it again", path)
    text = file.read(size)
    if hashlib.sha256(text).digest() != digest:
        raise WeightsError("a program that has been damaged: its plan does not have its checksum", path)
    try:
        content, begin = json.loads(text), start(size)
        holds = 0 <= content["hot"] <= content["size"] == whole - begin
    except (ValueError, LookupError, TypeError, RecursionError):
        holds = False
    if not holds:
        raise WeightsError(
            "a program that contradicts itself about its size: it was changed after it was written", path
        )
    return content, begin
