import numpy as np
import pytest

from protonet.data import snappy
from protonet.io import wire


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (b"\x00", b""),
        (b"\x03\x08abc", b"abc"),
        (b"\x3d\xf0\x3c" + b"x" * 61, b"x" * 61),  # the length in one byte
        (b"\xac\x02\xf4\x2b\x01" + b"y" * 300, b"y" * 300),  # in two
        (b"\x08\x0cabcd\x01\x04", b"abcdabcd"),  # a copy of 4, from 4 back
        (b"\x0a\x00a\x15\x01", b"a" * 10),  # a copy that reads what it writes
        (b"\x08\x0cabcd\x0e\x04\x00", b"abcdabcd"),  # with two bytes of distance
        (b"\x08\x0cabcd\x0f\x04\x00\x00\x00", b"abcdabcd"),  # with four
    ],
)
def test_literals_and_copies(packed, plain):
    assert snappy.unpack(packed) == plain


@pytest.mark.parametrize(
    "packed",
    [b"", b"\x05\x08abc", b"\x03\x08ab", b"\x08\x0cabcd\x01\x05", b"\x08\x0cabcd\x01\x00", b"\x08\x0cabcd\x0e\x04"],
)
def test_damage_is_told(packed):
    with pytest.raises(wire.Broken):
        snappy.unpack(packed)


def test_a_bomb_is_refused():
    with pytest.raises(wire.Broken):
        snappy.unpack(b"\xff\xff\xff\xff\x0f\x00a")


@pytest.mark.parametrize("values", [2, 40, 256])
@pytest.mark.parametrize("size", [1, 59, 60, 61, 255, 256, 257, 70000])
def test_what_the_library_packs_is_unpacked(size, values, rng):
    library = pytest.importorskip("cramjam").snappy
    plain = rng.integers(0, values, size, dtype=np.uint8).tobytes()
    assert snappy.unpack(bytes(library.compress_raw(plain))) == plain
