"""A convolution and the window over its outputs, band by band: every height, stride and pad; the same numbers."""

import pytest

from protonet.engine import chains
from tests.engine.tools import agree, conv, layer, operations, pool, relu

SUM = "eltwise_param { operation: SUM }"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A cache so small, and arithmetic so fast, that every such pair is a chain."""
    monkeypatch.setattr(chains, "fast", lambda: True)
    monkeypatch.setattr(chains, "l2", lambda: 1 << 12)


def bands(program):
    """How many bands there are: steps of windows."""
    return sum("depthwise" in name or "pool" in name for name in operations(program))


@pytest.mark.parametrize(
    ("kernel", "stride", "pad"), [(3, 1, 1), (3, 2, 1), (5, 1, 2), (5, 2, 0), (3, 1, 0), (2, 3, 0), (7, 1, 3)]
)
@pytest.mark.parametrize("height", [17, 24, 31])
def test_depthwise_after_a_convolution(kernel, stride, pad, height):
    body = conv("a", "x", 24, 1) + relu("a") + conv("y", "a", 24, kernel, stride=stride, pad=pad, group=24) + relu("y")
    program, _ = agree(body, (1, 3, height, 11), threads=(1, 2))
    assert bands(program) > 1


@pytest.mark.parametrize(
    ("kernel", "stride", "pad"), [(3, 2, 0), (2, 2, 0), (3, 1, 1), (3, 2, 1), (3, 3, 0), (2, 4, 0)]
)
@pytest.mark.parametrize("method", ["MAX", "AVE"])
def test_pooling_after_a_convolution(method, kernel, stride, pad):
    body = (
        conv("a", "x", 24, 3, stride=2) + relu("a") + pool("y", "a", method, kernel_size=kernel, stride=stride, pad=pad)
    )
    program, _ = agree(body, (1, 3, 59, 35), threads=(1, 2))
    assert bands(program) > 1 or (method, stride > kernel) == ("AVE", True)


def test_a_row_of_them():
    body, last = "", "x"
    for i in range(4):
        body += (
            conv(f"a{i}", last, 32, 1)
            + relu(f"a{i}")
            + conv(f"d{i}", f"a{i}", 32, 3, pad=1, stride=1 + i % 2, group=32)
        )
        last = f"d{i}"
    program, _ = agree(body + conv("y", last, 16), (1, 3, 40, 24))
    assert bands(program) > 8


def test_a_convolution_that_adds():
    body = conv("s", "x", 32) + conv("t", "s", 32) + layer("Eltwise", "a", ["s", "t"], SUM) + relu("a")
    program, _ = agree(body + conv("y", "a", 32, 3, pad=1, group=32), (1, 3, 30, 14))
    assert bands(program) > 1


def test_what_others_read_too_stays_whole():
    body = conv("a", "x", 32) + conv("d", "a", 32, 3, pad=1, group=32) + conv("y", "a", 16)
    program, _ = agree(body, (1, 3, 30, 14))
    assert bands(program) == 1
    body = conv("a", "x", 32) + conv("d", "a", 32, 3, pad=1, group=32)
    program, _ = agree(body, (1, 3, 30, 14), keep=["a"])
    assert bands(program) == 1
    body = (
        conv("a", "x", 32)
        + conv("b", "x", 32)
        + layer("Concat", "c", ["a", "b"])
        + pool("y", "a", "MAX", kernel_size=2)
    )
    program, _ = agree(body, (1, 3, 30, 14))
    assert bands(program) == 1


def test_several_images_are_not_cut():
    body = conv("a", "x", 32) + conv("y", "a", 32, 3, pad=1, group=32)
    program, _ = agree(body, (3, 3, 30, 14))
    assert bands(program) == 1
