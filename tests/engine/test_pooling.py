"""Pooling and LRN on blocks, against the layers' own plan."""

import itertools

import pytest

from tests.engine.tools import agree, conv, fields, layer, operations, pool


def blocked(program):
    return any("pool_blocked" in name for name in operations(program))


@pytest.mark.parametrize(
    ("kernel", "stride", "pad"), [(2, 2, 0), (3, 2, 0), (3, 2, 1), (3, 1, 1), (5, 1, 2), (3, 3, 0), (1, 2, 0)]
)
@pytest.mark.parametrize("method", ["MAX", "AVE"])
def test_windows_clipped_as_caffe_clips_them(method, kernel, stride, pad):
    for channels, (H, V) in itertools.product((13, 32), ((9, 13), (13, 15))):
        body = conv("z", "x", channels) + pool("y", "z", method, kernel_size=kernel, stride=stride, pad=pad)
        program, _ = agree(body, (2, 3, H, V), threads=(1, 2))
        assert blocked(program) == (method == "MAX" or stride <= kernel)


def test_windows_that_lie_far_apart():
    """A stride of 12 is no second digit of the window's size."""
    body = conv("z", "x", 16) + pool("y", "z", "MAX", kernel_size=2, stride=12)
    agree(body, (1, 3, 9, 62), threads=(1,))


def test_global_pooling_of_a_map_with_a_halo():
    body = conv("z", "x", 40) + conv("b", "z", 16, 3, pad=1)
    body += "".join(pool(f"y{m}", "z", m, global_pooling="true") for m in ("MAX", "AVE"))
    program, _ = agree(body, (2, 3, 7, 5), tolerance=5e-5)
    assert blocked(program)


def test_windows_that_are_not_square_and_round_down():
    values = fields(pool="MAX", kernel_h=3, kernel_w=2, stride_h=2, stride_w=1, pad_h=1, pad_w=0)
    agree(conv("z", "x", 16) + layer("Pooling", "y", "z", f"pooling_param {{ {values} }}"), (1, 3, 10, 7))
    agree(conv("z", "x", 16) + pool("y", "z", "MAX", kernel_size=3, stride=2, round_mode="FLOOR"), (1, 3, 10, 8))


def test_a_window_longer_than_the_map_and_one_beyond_it():
    agree(conv("z", "x", 16) + pool("y", "z", "MAX", kernel_size=5, stride=5, pad=2), (1, 3, 4, 3))
    agree(conv("z", "x", 16) + pool("y", "z", "MAX", kernel_size=2, stride=4), (1, 3, 9, 9))


def test_what_has_no_blocked_kernel():
    body = conv("z", "x", 16) + pool("y", "z", "AVE_EXC_PAD", kernel_size=3, stride=2, pad=1)
    program, _ = agree(body, (1, 3, 9, 9))
    assert not blocked(program)
    mask = layer("Pooling", "y", "z", "pooling_param { pool: MAX kernel_size: 2 stride: 2 }", ["y", "mask"])
    agree(conv("z", "x", 16) + mask, (1, 3, 9, 9))
    agree(pool("y", "x", "MAX", kernel_size=3, stride=2), (2, 3, 9, 9))


@pytest.mark.parametrize("size", [3, 5, 7])
def test_lrn_across_channels(size):
    values = fields(local_size=size, alpha=0.1, beta=0.75, k=1.5)
    body = conv("z", "x", 48) + layer("LRN", "y", "z", f"lrn_param {{ {values} }}")
    program, _ = agree(body, (2, 3, 9, 11))
    assert any("pointwise_blocked.lrn_" in name for name in operations(program))


def test_lrn_of_other_kinds():
    for values in ("beta: 0.5", "norm_region: WITHIN_CHANNEL", "local_size: 99", "beta: 0.75"):
        agree(conv("z", "x", 20) + layer("LRN", "y", "z", f"lrn_param {{ alpha: 0.1 {values} }}"), (1, 3, 9, 11))
