"""LMDB databases, read only, by a reader of our own: LMDB's library trusts every number in the file, so that a damaged
one ends the process; it lets a process open a database only once; and it would write a lock file beside it.

    the file     pages of one size; little endian, of a 64-bit machine (as liblmdb reads there, too)
    pages 0, 1   a head, then magic, version, address and size of the map (4, 4, 8, 8); two trees: of free pages, and
                 of records (size of a page or pad 4, flags 2, depth 2, pages of three kinds 8 each, entries 8, root 8);
                 the last page, the transaction (8, 8).  The page of the later transaction counts
    a head       number (8), pad (2), flags (2): 1 branch, 2 leaf, 4 overflow; then `lower` (2), where the places of its
                 nodes end that begin at 16, and `upper` (2); of an overflow page, how many pages it is (4) instead
    a node       size of the value (4), flags (2), size of the key (2), key, value.  Flag 1: in place of the value, the
                 number (8) of the overflow page it lies in.  In a branch: the page it leads to (6), size of the key (2)
"""

import mmap
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from struct import Struct

from protonet.errors import DataError

MAGIC, VERSION, NOWHERE = 0xBEEFC0DE, 1, (1 << 64) - 1  # the root of an empty tree
BRANCH, LEAF, OVERFLOW, KINDS = 1, 2, 4, 1 | 2 | 4 | 32
ELSEWHERE, NESTED = 1, 2 | 4  # flags of nodes
META, START = Struct("<16xII16xI50xH24xQQQQ"), 16
HEAD, LONG, NODE, PAGE = Struct("<10xHHH"), Struct("<10xHI"), Struct("<IHH"), Struct("<Q")
DEEPEST = 32


class Broken(Exception):
    """What cannot be in an LMDB."""


class Lmdb:
    """Records (key, value) in the order of their keys.  Values lie in the file's memory, which stays while they do."""

    def __init__(self, path: str | Path):
        self.path = str(path)
        try:
            with open(os.path.join(path, "data.mdb") if os.path.isdir(path) else path, "rb") as file:
                self.data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            self.page, self.depth, self.size, self.root, last = self.meta()
        except (OSError, ValueError, Broken) as error:
            raise DataError(f"not an LMDB that can be read ({error})", path) from None
        if len(self.data) < (wanted := (last + 1) * self.page):
            raise DataError(f"the LMDB is cut: it should have {wanted} bytes, and has {len(self.data)}", path)

    def __len__(self) -> int:
        return self.size

    def records(self, skip: int = 0) -> Iterator[tuple[bytes, memoryview]]:
        """All records from number `skip` on, once."""
        data, page, unpack = self.data, self.page, NODE.unpack_from
        for at, nodes in self.leaves():
            end = at + page
            for node in nodes[skip:]:
                key = at + node + NODE.size
                size, flags, key_size = unpack(data, at + node)
                value = key + key_size
                if flags or value + size > end:
                    yield self.record(at + node)
                else:  # as most small records are: half the time of asking `record`
                    yield data[key:value].tobytes(), data[value : value + size]
            skip = max(0, skip - len(nodes))

    def picked(self, numbers: Iterable[int]) -> Iterator[tuple[bytes, memoryview]]:
        """The records of these numbers, in this order."""
        starts = [(at, len(nodes)) for at, nodes in self.leaves()]
        before = [0, *accumulate(count for _, count in starts)]
        for number in numbers:
            which = bisect_right(before, number) - 1
            at = starts[which][0]
            yield self.record(at + self.nodes(at, LEAF)[number - before[which]])

    def close(self) -> None:
        """Let the file go, once nobody has values of it."""
        self.data = memoryview(b"")

    def meta(self) -> tuple[int, int, int, int, int]:
        """(bytes of a page, depth, records, root, last page) by the page that counts."""
        data = self.data
        if len(data) < META.size:
            raise Broken(f"it has {len(data)} bytes")
        page = META.unpack_from(data)[2]
        if not 256 <= page <= 65536 or page & (page - 1) or len(data) < 2 * page:
            raise Broken(f"{len(data)} bytes in pages of {page}")
        found = [META.unpack_from(data, at) for at in (0, page)]
        good = [each for each in found if each[:3] == (MAGIC, VERSION, page)]
        if not good:
            raise Broken("no page at its start is LMDB's")
        *_, depth, size, root, last, _ = max(good, key=lambda each: each[-1])
        if root == NOWHERE:
            return page, 0, 0, root, last
        if not 0 < depth <= DEEPEST or not 0 < size <= len(data) // NODE.size:
            raise Broken(f"{size} records in a tree of {depth} levels")
        return page, depth, size, root, last

    def leaves(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """(where it begins, where in it its nodes do) of each page with records; as many as there are records."""
        left = self.size
        for at in self.below(self.root, self.depth) if left else ():
            nodes = self.checked(at, LEAF)[:left]
            left -= len(nodes)
            yield at, nodes
            if not left:
                return
        if left:
            raise self.damaged(f"{left} of {self.size} records are missing")

    def below(self, number: int, depth: int) -> Iterator[int]:
        """The pages of records below one, in order."""
        at = self.place(number)
        if depth == 1:
            yield at
            return
        for node in self.checked(at, BRANCH):
            low, high, _ = NODE.unpack_from(self.data, at + node)
            yield from self.below(low | high << 32, depth - 1)

    def place(self, number: int, count: int = 1) -> int:
        """Where a page begins, if so many from there on are in the file."""
        at = number * self.page
        if at + count * self.page > len(self.data):
            raise self.damaged(f"it names page {number}")
        return at

    def checked(self, at: int, kind: int) -> tuple[int, ...]:
        """The nodes of a page, or what is wrong with it."""
        try:
            return self.nodes(at, kind)
        except Broken as error:
            raise self.damaged(error) from None

    def nodes(self, at: int, kind: int) -> tuple[int, ...]:
        """Where in a page its nodes begin."""
        flags, lower, _ = HEAD.unpack_from(self.data, at)
        if flags & KINDS != kind or not START < lower <= self.page or lower % 2:
            raise Broken(f"page {at // self.page} is of kind {flags}, and ends at {lower}")
        found = Struct(f"<{(lower - START) // 2}H").unpack_from(self.data, at + START)
        if min(found) < lower or max(found) > self.page - NODE.size:
            raise Broken(f"page {at // self.page} has a node outside of itself")
        return found

    def record(self, node: int) -> tuple[bytes, memoryview]:
        """(key, value) of a node."""
        data = self.data
        size, flags, key_size = NODE.unpack_from(data, node)
        key = node + NODE.size
        value = key + key_size
        end = (node // self.page + 1) * self.page
        if flags & NESTED:
            raise self.damaged("a key has several values, or a database in it: no tool of Caffe makes such")
        if flags & ELSEWHERE:
            if value + PAGE.size > end:
                raise self.damaged(f"a key of {key_size} bytes")
            value = self.place(PAGE.unpack_from(data, value)[0]) + START
            kind, count = LONG.unpack_from(data, value - START)
            end = self.place(value // self.page, count) + count * self.page
            if not kind & OVERFLOW:
                raise self.damaged(f"page {value // self.page} is no value's")
        if value + size > end:
            raise self.damaged(f"a key of {key_size} bytes, and a value of {size}")
        return data[key : key + key_size].tobytes(), data[value : value + size]

    def damaged(self, what: object) -> DataError:
        return DataError(f"a damaged LMDB ({what}): copy or convert it again", self.path)
