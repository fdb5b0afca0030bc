from protonet.layers.unpooling import rows
from protonet.runtime.step import Blob, Buffer


def test_a_map_is_a_row():
    assert rows(Blob(Buffer((2, 3, 4, 5)))) == (6, 20)
