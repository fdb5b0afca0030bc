"""Max pooling and what undoes it, in blocks where it can be; the same numbers wherever."""

import pytest

from tests.engine.tools import agree, conv, layer, operations, pool, relu


def pair(kernel=2, stride=2, up="upsample_param { scale: 2 }", type="Upsample", between="", last="p", pad=0):
    body = conv("a", "x", 24, 3, pad=1) + relu("a")
    param = f"pooling_param {{ pool: MAX kernel_size: {kernel} stride: {stride} pad: {pad} }}"
    body += layer("Pooling", "p", "a", param, ["p", "m"]) + between
    return body + layer(type, "u", [last, "m"], up) + conv("y", "u", 8, 3, pad=1)


def in_blocks(program):
    """Whether places were bytes, never numbers."""
    names = operations(program)
    return any("max_blocked" in name for name in names) and not any("unpool." in name for name in names)


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("shape", [(8, 12), (24, 34)])
def test_segnets_upsample(shape, images):
    program, _ = agree(pair(), (images, 3, *shape))
    assert in_blocks(program)


def test_other_layers_come_between():
    body = pair(between=conv("b", "p", 40) + relu("b") + conv("c", "b", 24), last="c")
    program, _ = agree(body, (1, 3, 16, 20))
    assert in_blocks(program)


@pytest.mark.parametrize(("size", "shape"), [(3, (21, 18)), (2, (15, 9)), (4, (14, 13)), (1, (5, 7))])
def test_windows_side_by_side(size, shape):
    up = f"max_unpool_param {{ dst_h: {shape[0]} dst_w: {shape[1]} }}"
    program, _ = agree(pair(size, size, up, "MaxUnPool"), (1, 3, *shape))
    assert in_blocks(program)


def test_maps_that_are_higher_than_they_were():
    program, _ = agree(pair(up="max_unpool_param { dst_h: 19 dst_w: 12 }", type="MaxUnPool"), (1, 3, 16, 12))
    assert in_blocks(program)


def test_places_that_others_read_are_numbers():
    body = pair() + layer("Power", "z", "m", "power_param { scale: 0.5 }")
    program, _ = agree(body, (1, 3, 16, 12))
    assert not in_blocks(program)
    program, _ = agree(pair(), (1, 3, 16, 12), keep=["m"])
    assert not in_blocks(program)


def test_maps_of_another_width_and_windows_that_do_not_lie_side_by_side():
    program, _ = agree(pair(up="max_unpool_param { dst_h: 17 dst_w: 18 }", type="MaxUnPool"), (1, 3, 16, 12))
    assert not in_blocks(program)
    program, _ = agree(pair(1, 2, "max_unpool_param { dst_h: 15 dst_w: 11 }", "MaxUnPool"), (1, 3, 15, 11))
    assert not in_blocks(program)
    program, _ = agree(pair(3, 1, "max_unpool_param { dst_h: 16 dst_w: 12 }", "MaxUnPool", pad=1), (1, 3, 16, 12))
    assert not in_blocks(program)


def test_two_decoders_read_one_pooling():
    body = pair() + layer("Upsample", "v", ["p", "m"], "upsample_param { scale: 2 }") + conv("z", "v", 8, 3, pad=1)
    program, _ = agree(body, (1, 3, 16, 12))
    assert in_blocks(program)


def test_a_pooling_alone_with_two_tops():
    program, _ = agree(conv("a", "x", 24) + pool("p", "a", "MAX", kernel_size=2, stride=2), (1, 3, 16, 12))
    assert not in_blocks(program)
