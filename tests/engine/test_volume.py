"""Convolutions over three axes, against the layers' own plan."""

import pytest

from protonet.engine.machine import W
from tests.engine.tools import agree, conv, layer, operations, relu

SIZE = (6, 9, 11)


def planed(program):
    return sum("to_planes" in name for name in operations(program))


@pytest.mark.parametrize(
    ("kernel", "stride", "pad"),
    [(1, 1, 0), (2, 2, 0), (3, 1, 1), (3, 2, 1), (3, 1, 2), (5, 1, 2), (1, 2, 1), (4, 3, 1)],
)
@pytest.mark.parametrize("batch", [1, 2])
def test_windows_strides_and_pads(kernel, stride, pad, batch):
    for channels, outputs in ((W, 2 * W), (W + 3, 5)):
        body = conv("y", "x", outputs, kernel, stride=stride, pad=pad) + relu("y")
        program, _ = agree(body, (batch, channels, *SIZE), threads=(1, 2), exact=False)
        assert planed(program) == 1


@pytest.mark.parametrize(
    "kernel", ["kernel_size: [3, 1, 5] pad: [1, 0, 2]", "kernel_size: [2, 3, 3] stride: [1, 2, 1]"]
)
def test_axes_that_differ(kernel):
    param = f"convolution_param {{ num_output: 20 bias_term: false {kernel} }}"
    program, _ = agree(layer("Convolution", "y", "x", param), (2, W, *SIZE), threads=(1, 2))
    assert planed(program) == 1


def test_exactly():
    program, _ = agree(conv("y", "x", 2 * W, 3, pad=1), (1, W, *SIZE), exact=True)
    assert planed(program) == 1
    assert not any("product" in name or "fused" in name for name in operations(program))


def test_strassen():
    body = conv("y", "x", 128, 1)
    program, _ = agree(body, (1, 128, 3, 14, 14), tolerance=1e-4)
    assert planed(program) == 1


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_sum_behind_it_and_two_that_read_one_volume(kernel):
    body = conv("a", "x", W, kernel, pad=kernel // 2) + conv("b", "x", W, kernel, pad=kernel // 2)
    body += layer("Eltwise", "y", ["a", "b"]) + layer("PReLU", "y_act", "y", tops=["y"])
    program, _ = agree(body, (2, W, *SIZE))
    assert planed(program) == 2  # x, and the sum that the second convolution adds to


@pytest.mark.parametrize(
    ("channels", "more"),
    [(W // 2 - 1, {}), (2 * W, {"group": 2}), (W, {"dilation": 2})],
    ids=["few", "groups", "holes"],
)
def test_the_rest_is_the_layers_own(channels, more):
    program, _ = agree(conv("y", "x", W, 3, pad=2, **more), (1, channels, *SIZE), threads=(1, 2))
    assert planed(program) == 0
