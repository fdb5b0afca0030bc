"""Deconvolutions of odd sizes against the layers' own plan."""

import itertools

import pytest

from tests.engine.tools import agree, conv, fields, layer, operations, relu


def deconv(name, bottom, outputs, kernel, **more):
    return conv(name, bottom, outputs, kernel, type="Deconvolution", **more)


def blocked(program):
    return any("conv_blocked" in name for name in operations(program))


@pytest.mark.parametrize(
    ("kernel", "stride", "pad"), [(1, 1, 0), (2, 2, 0), (3, 1, 1), (3, 2, 1), (4, 2, 1), (5, 3, 0)]
)
@pytest.mark.parametrize("channels", [1, 5, 24])
def test_windows_strides_and_channels_that_fill_no_block(channels, kernel, stride, pad):
    for (H, V), outputs in itertools.product(((5, 7), (6, 4)), (13, 40)):
        body = deconv("y", "x", outputs, kernel, stride=stride, pad=pad) + relu("y")
        program, _ = agree(body, (2, channels, H, V), threads=(1, 2))
        assert blocked(program)


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(1, 3, 1), (2, 3, 1), (3, 1, 2), (3, 2, 2), (2, 4, 3)])
def test_places_that_no_window_reaches_and_dilation(kernel, stride, dilation):
    agree(deconv("y", "x", 20, kernel, stride=stride, dilation=dilation), (2, 17, 5, 4))


def test_pads_larger_than_the_window():
    agree(deconv("y", "x", 20, 2, stride=1, pad=2), (1, 17, 9, 8))


def test_a_window_that_is_not_square_and_pads_each_side_apart():
    more = dict(kernel_h=3, kernel_w=5, stride_h=2, stride_w=1, pad_h=0, pad_w=3)
    agree(deconv("y", "x", 20, None, **more), (1, 19, 6, 9))
    agree(deconv("y", "x", 20, 3, pad_l=1, pad_r=0, pad_t=0, pad_b=2), (1, 19, 6, 9))


@pytest.mark.parametrize(
    ("groups", "channels", "outputs"), [(2, 64, 32), (2, 10, 6), (4, 32, 64), (21, 21, 21), (32, 32, 32)]
)
def test_groups(groups, channels, outputs):
    agree(deconv("y", "x", outputs, 4, stride=2, pad=1, group=groups), (2, channels, 5, 6))


def test_what_follows_and_what_is_kept():
    act = layer("PReLU", "y_act", "y", "", ["y"])
    agree(deconv("y", "x", 20, 4, stride=2, pad=1) + act, (1, 19, 5, 6))
    agree(
        deconv("y", "x", 20, 4, stride=2, pad=1)
        + layer("ReLU", "z", "y", f"relu_param {{ {fields(negative_slope=0.1)} }}"),
        (1, 19, 5, 6),
        keep=("y",),
    )
    agree(
        conv("a", "x", 33) + deconv("y", "a", 20, 2, stride=2, bias_term="false") + conv("z", "y", 8, 3, pad=1),
        (1, 19, 5, 6),
    )


def test_joined_with_others():
    body = conv("a", "x", 32, 3, pad=1) + deconv("b", "x", 32, 3, pad=1) + layer("Concat", "y", ["a", "b"])
    agree(body, (1, 19, 7, 6))
