"""Convolutions over three axes of a training step: losses and gradients as by the exact plan."""

import pytest
from numpy.testing import assert_array_equal

from protonet.engine.machine import W
from tests.engine.train.test_training import by_layers, compare, end, layer, pair, relu, step

FILLERS = "weight_filler { type: 'msra' } bias_filler { type: 'gaussian' std: 0.1 }"


def conv(name, bottom, outputs, more, extra=""):
    return layer("Convolution", name, bottom, f"convolution_param {{ num_output: {outputs} {FILLERS} {more} }} {extra}")


def net_of(outputs, more, channels=W):
    first = conv("a", "x", channels, "kernel_size: 1") + relu("a")
    return first + conv("b", "a", outputs, more) + relu("b") + end("b")


def agree(body, shape, **options):
    """How many values were brought into planes."""
    net, other, training = pair(body, shape, **options)
    for _ in range(2):
        assert step(other, training.run) == pytest.approx(step(net, lambda: by_layers(net)), rel=1e-5)
        compare(net, other, 5e-5)
    steps, _ = training.lot
    return sum("to_planes" in step.label for step in steps)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    "window",
    [
        "kernel_size: 1",
        "kernel_size: 3 pad: 1",
        "kernel_size: 2 stride: 2",
        "kernel_size: 3 stride: 2 pad: 1",
        "kernel_size: 2 pad: 2",
        "kernel_size: 1 stride: 3",
        "kernel_size: [4, 1, 3] stride: [3, 1, 2] pad: [2, 0, 1]",
        "kernel_size: [1, 3, 3] dilation: [1, 2, 1]",
    ],
)
def test_windows_strides_and_pads(window, exact):
    planed = agree(net_of(2 * W, window), (2, W, 6, 8, 7), exact=exact)
    assert planed == 2 + 2  # bottoms, and the gradients of both tops


@pytest.mark.parametrize(("channels", "outputs"), [(W + 3, 5), (W // 2, W + 1)])
def test_channels_that_fill_no_blocks(channels, outputs):
    planed = agree(net_of(outputs, "kernel_size: 3 pad: 1 stride: [2, 1, 1]", channels), (3, W + 1, 5, 6, 4))
    assert planed == 4


def test_what_learns_and_what_does_not():
    body = conv("a", "x", W, "kernel_size: 3", "param { lr_mult: 0 } param { lr_mult: 0 }") + relu("a")
    body += conv("b", "a", W, "kernel_size: 2 bias_term: false", "param { lr_mult: 0 }")
    body += conv("c", "b", 4, "kernel_size: 2", "param { lr_mult: 1 } param { lr_mult: 0 }") + end("c")
    agree(body, (2, W, 6, 6, 6))
    below = conv("a", "x", W, "kernel_size: 3") + conv("b", "a", W, "kernel_size: 2", "param { lr_mult: 0 }") + end("b")
    agree(below, (1, W, 6, 6, 6))


def test_two_that_read_one_volume_and_share_weights():
    shared = "param { name: 'w' } param { name: 'v' }"
    body = conv("a", "x", W, "kernel_size: 3 pad: 1", shared) + relu("a")
    body += conv("b", "a", W, "kernel_size: 3 pad: 1", shared) + conv("c", "a", W, "kernel_size: 3 pad: 1")
    body += layer("Eltwise", "d", ["b", "c"]) + end("d")
    assert agree(body, (2, W, 4, 5, 6)) == 2 + 3  # x and a, which two read; three gradients


def test_threads_change_nothing():
    found = []
    for threads in 1, 3:
        _, other, training = pair(net_of(2 * W, "kernel_size: 3 stride: 2 pad: 1"), (2, W, 6, 8, 7), threads=threads)
        step(other, training.run)
        found.append([blob.diff.copy() for blob in other.parameters.blobs])
    for one, three in zip(*found, strict=True):
        assert_array_equal(one, three)


@pytest.mark.parametrize(
    ("channels", "more"),
    [(W // 2 - 1, ""), (2 * W, "group: 2"), (W, "dilation: 2")],
    ids=["few", "groups", "holes"],
)
def test_the_rest_is_the_layers_own(channels, more):
    body = conv("a", "x", 2 * W, f"kernel_size: 2 pad: 1 {more}") + end("a")
    assert agree(body, (2, channels, 5, 5, 5)) == 0
