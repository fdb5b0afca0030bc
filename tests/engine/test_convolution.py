"""Convolutions of odd sizes, by each algorithm, against the layers' own plan."""

import itertools
from types import SimpleNamespace

import pytest

from protonet.engine import choose, tiles
from protonet.engine.machine import W, l2
from protonet.engine.plan import Planner
from tests.engine.tools import agree, conv, layer, operations, pool, relu

SIZES = [(7, 7), (9, 14)]


def used(program, what):
    return any(what in name for name in operations(program))


@pytest.mark.parametrize(
    ("kernel", "stride", "pad"), [(1, 1, 0), (3, 1, 1), (3, 2, 1), (5, 1, 2), (5, 2, 0), (2, 3, 1)]
)
@pytest.mark.parametrize("channels", [1, 3, 5, 24])
def test_windows_strides_and_channels_that_fill_no_block(channels, kernel, stride, pad):
    for (H, V), outputs in itertools.product(SIZES, (13, 48)):
        body = conv("y", "x", outputs, kernel, stride=stride, pad=pad) + relu("y")
        agree(body, (2, channels, H, V), threads=(1, 2))


def test_a_window_that_is_not_square_and_pads_each_side_apart():
    body = conv("y", "x", 20, None, kernel_h=3, kernel_w=5, stride_h=2, stride_w=1, pad_h=0, pad_w=3)
    agree(body, (1, 19, 11, 9))
    agree(conv("y", "x", 20, 3, pad_l=1, pad_r=0, pad_t=0, pad_b=2), (1, 19, 11, 9))


@pytest.mark.parametrize("dilation", [2, 3])
def test_dilated_windows(dilation):
    agree(conv("y", "x", 32, 3, pad=dilation, dilation=dilation), (2, 16, 13, 9))
    agree(conv("z", "x", 16) + conv("y", "z", 16, 3, pad=dilation, dilation=dilation, group=16), (2, 16, 13, 9))


@pytest.mark.parametrize(
    ("channels", "outputs", "group"), [(32, 64, 2), (24, 36, 3), (12, 24, 4), (64, 64, 16), (10, 20, 5)]
)
def test_groups_whether_or_not_they_fill_blocks(channels, outputs, group):
    body = conv("z", "x", channels, 1) + conv("y", "z", outputs, 3, pad=1, group=group) + relu("y")
    agree(body, (2, 3, 9, 7))
    agree(conv("y", "x", outputs, 1, group=group), (1, channels, 5, 5))


@pytest.mark.parametrize(
    ("kernel", "stride", "pad"), [(3, 1, 1), (3, 2, 1), (5, 1, 2), (5, 2, 2), (7, 1, 3), (3, 3, 0), (2, 1, 1)]
)
def test_depthwise(kernel, stride, pad):
    for channels, (H, V) in itertools.product((13, 32), ((9, 17), (14, 7), (5, 20))):
        body = conv("z", "x", channels) + conv("y", "z", channels, kernel, stride=stride, pad=pad, group=channels)
        program, _ = agree(body + relu("y"), (2, 3, H, V), threads=(1, 2))
        assert used(program, "depthwise")


def test_depthwise_by_its_forks_names_and_with_a_multiplier():
    agree(conv("y", "x", 32, 3, "DepthwiseConvolution", pad=1), (1, 16, 9, 9))
    agree(conv("y", "x", 32, 3, "ConvolutionDepthwise", pad=1), (1, 32, 9, 9))


WINOGRAD = [(16, 16, 6, 6), (16, 48, 7, 9), (32, 40, 13, 14), (24, 64, 23, 11), (64, 32, 30, 29), (48, 64, 40, 37)]


@pytest.mark.parametrize(("channels", "outputs", "H", "V"), WINOGRAD)
@pytest.mark.parametrize("pad", [0, 1, 2])
def test_winograd(channels, outputs, H, V, pad):
    body = conv("z", "x", channels) + relu("z") + conv("y", "z", outputs, 3, pad=pad) + relu("y")
    agree(body, (1, 3, H, V), tolerance=5e-5, threads=(1, 2))


@pytest.mark.parametrize("tile", tiles.TILES + tiles.SMALL)
def test_every_tile_on_maps_of_few_pixels(tile, monkeypatch):
    monkeypatch.setattr(choose.direct, "__defaults__", ((tile,),))
    for size, channels, outputs in ((1, 40, 50), (2, 24, 136), (3, 20, 17), (5, 32, 72)):
        body = conv("z", "x", channels, 3, stride=2, pad=1) + relu("z") + conv("y", "z", outputs) + relu("y")
        program, _ = agree(body, (2, 19, 2 * size, 2 * size - 1), threads=(1, 2))
        assert used(program, "conv_{}_{}_".format(*tile))


def test_a_map_of_one_pixel_does_not_take_a_wide_tile():
    program, _ = agree(conv("z", "x", 64, 3, stride=2) + conv("y", "z", 300), (1, 20, 3, 4), threads=(1,))
    assert used(program, "conv_1_")


def test_winograd_is_used_where_it_pays_and_not_where_exactness_is_asked_for():
    body = conv("z", "x", 64) + conv("y", "z", 64, 3, pad=1)
    program, _ = agree(body, (1, 3, 28, 28), tolerance=5e-5)
    assert used(program, "winograd")
    program, _ = agree(body, (1, 3, 28, 28), exact=True, tolerance=1e-5)
    assert not used(program, "winograd")


def test_winograd_for_several_images():
    for H in (14, 33):
        agree(conv("z", "x", 32) + conv("y", "z", 32, 3, pad=1) + relu("y"), (3, 3, H, H), tolerance=5e-5)


@pytest.mark.parametrize(("channels", "outputs", "H", "V"), [(2, 2, 7, 9), (4, 6, 14, 14), (6, 2, 5, 5)])
@pytest.mark.parametrize("images", [1, 3])
def test_strassen(channels, outputs, H, V, images, monkeypatch):
    """Alone, into a map with a halo, with a sum, and with an odd number of rows."""
    monkeypatch.setattr(choose, "MANY_CHANNELS", 2 * W)
    monkeypatch.setattr(choose, "GAIN", 0)
    C, K = channels * W, outputs * W
    body = conv("z", "x", C) + conv("y", "z", K) + relu("y") + conv("d", "y", K, 3, pad=1, group=K)
    program, _ = agree(body, (images, 3, H, V))
    assert used(program, "strassen")
    body = (
        conv("z", "x", C)
        + conv("s", "x", K)
        + conv("c", "z", K)
        + layer("Eltwise", "y", ["s", "c"], SUM)
        + relu("y", 0.2)
    )
    agree(body + conv("e", "s", 16, 3, pad=1), (images, 3, H, V), tolerance=5e-5)
    agree(body.replace("0.2", "0"), (images, 3, H, V))


def test_strassen_needs_a_pixel_for_each_output(monkeypatch):
    """A pad makes more of them than there are."""
    monkeypatch.setattr(choose, "MANY_CHANNELS", 2 * W)
    monkeypatch.setattr(choose, "GAIN", 0)
    program, _ = agree(conv("y", "x", 8 * W, pad=1), (1, 8 * W, 14, 14), exact=False)
    assert not used(program, "strassen")


@pytest.mark.parametrize("group", [1, 2 * W])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 5)])
@pytest.mark.parametrize(
    "window",
    [
        {"kernel": 7, "pad": 3},
        {"kernel": 3, "pad": 1, "stride": 2},
        {"kernel": 3, "pad": 6, "dilation": 6},
        {"kernel": 0, "kernel_h": 2, "kernel_w": 4, "pad_h": 1, "pad_w": 3, "stride_h": 3, "stride_w": 1},
        {"kernel": 2, "pad": 1, "dilation": 2},
    ],
)
def test_places_of_the_window_that_only_see_padding(window, size, group):
    agree(conv("y", "x", 2 * W, group=group, **window) + relu("y"), (2, 2 * W, *size), exact=False)


def test_on_one_pixel_a_window_has_one_place():
    program, _ = agree(conv("y", "x", W, 7, pad=3), (1, 8 * W, 1, 1))
    (plan,) = program.plans
    (step,) = (step for step in plan.steps if "conv_" in step.label)
    weights = step.views[step.kernel.arrays.index("w")].buffer
    assert weights.count == 8 * W * W


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("slope", [0, 0.1, -0.5])
def test_activations_and_leaky_ones(kernel, slope):
    agree(conv("y", "x", 40, kernel, pad=kernel // 2) + relu("y", slope), (1, 32, 13, 11), tolerance=5e-5)


def test_prelu_clip_and_relu6_join_the_convolution():
    for shared in ("true", "false"):
        body = conv("y", "x", 40, 3) + layer("PReLU", "p", "y", f"prelu_param {{ channel_shared: {shared} }}", ["y"])
        program, _ = agree(body, (2, 19, 9, 9))
        assert not used(program, "prelu")
    program, _ = agree(
        conv("y", "x", 20) + layer("Clip", "c", "y", "clip_param { min: -0.3 max: 0.5 }", ["y"]), (1, 5, 9, 9)
    )
    assert not used(program, "activation")


SUM = "eltwise_param { operation: SUM }"


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_sum_joins_the_later_convolution(kernel):
    body = conv("a", "x", 32, 3, pad=1) + relu("a") + conv("b", "x", 32) + conv("c", "a", 32, kernel, pad=kernel // 2)
    body += layer("Eltwise", "y", ["b", "c"], SUM) + relu("y")
    program, _ = agree(body, (2, 3, 13, 11), tolerance=5e-5)
    assert not used(program, "combine")
    assert not used(program, "eltwise")


def test_a_sum_whose_operand_has_other_readers_and_a_halo():
    body = conv("a", "x", 32) + conv("b", "a", 32, 3, pad=1) + layer("Eltwise", "s", ["a", "b"], SUM) + relu("s")
    body += conv("c", "s", 32, 3, pad=1) + layer("Eltwise", "t", ["s", "c"], SUM) + conv("y", "t", 16, 5, pad=2)
    body += conv("y2", "s", 8)
    agree(body, (2, 3, 12, 10), tolerance=5e-5)


def test_a_sum_after_a_depthwise_convolution_and_one_of_a_value_with_itself():
    body = conv("a", "x", 32) + conv("b", "a", 32, 3, pad=1, group=32)
    agree(body + layer("Eltwise", "y", ["a", "b"], SUM) + relu("y"), (2, 3, 12, 10))
    agree(conv("a", "x", 32) + layer("Eltwise", "y", ["a", "a"], SUM), (2, 3, 12, 10))


def test_what_has_no_blocked_kernel_is_computed_all_the_same():
    agree(conv("y", "x", 6, 3, pad=1), (2, 4, 5, 6, 7))  # three spatial axes
    agree(conv("y", "x", 6, 3, pad=1), (2, 4, 50))
    agree(conv("y", "x", 6, 3, axis=2), (2, 4, 5, 6, 7))
    agree(
        conv("a", "x", 8)
        + layer("Deconvolution", "y", "a", "convolution_param { num_output: 5 kernel_size: 4 stride: 2 }"),
        (1, 3, 6, 5),
    )


def test_one_convolution_of_several_bottoms():
    body = layer("Convolution", "y", ["x", "x1"], "convolution_param { num_output: 20 kernel_size: 3 }", ["y", "z"])
    agree(body, (2, 16, 9, 9), (2, 16, 9, 9))


def test_an_intel_convolution_with_its_own_relu():
    agree(conv("y", "x", 32, 3, relu="true"), (1, 16, 9, 9))
    agree(conv("y", "x", 32, 3, relu="true", negative_slope=0.2), (1, 16, 9, 9))


def test_bias_may_be_missing():
    agree(conv("a", "x", 32, 3, bias_term="false") + pool("y", "a", "MAX", kernel_size=3, stride=2), (1, 3, 9, 9))


def test_channels_are_padded_to_blocks():
    assert W in (4, 8, 16)


@pytest.mark.parametrize("count", [0, 1, 2, 13, 14, 56, 1000])
@pytest.mark.parametrize("parts", [1, 3, 12, 40])
def test_tasks_are_enough_unless_fewer_are_more_even(count, parts):
    many = tiles.chunk(count, parts, 3584, 1 << 17)
    tasks = parts * -(-count // many)
    assert tasks >= min(tiles.ENOUGH, count * parts) or tiles.lost(many, count, parts) <= tiles.UNEVEN


@pytest.mark.parametrize(("count", "parts", "chunk"), [(7, 8, 7), (7, 5, 1), (28, 2, 2), (14, 2, 1), (14, 8, 7)])
def test_two_threads_do_alike(count, parts, chunk):
    assert tiles.chunk(count, parts, 3584, 1 << 17) == chunk


@pytest.mark.parametrize(
    ("chunk", "count", "parts", "lost"), [(7, 14, 1, 1), (10, 14, 1, 10 / 7), (3, 7, 8, 36 / 28), (7, 7, 8, 1)]
)
def test_what_is_lost_by_uneven_chunks(chunk, count, parts, lost):
    """14 as 10 + 4: one of two threads does 10, not 7; 8 parts of 3 + 3 + 1: half of the tasks are up to 36 of 56."""
    assert tiles.lost(chunk, count, parts) == pytest.approx(lost)


def test_larger_weights_leave_l2_only_where_that_pays():
    """What does not fit any more makes all the net's weights come from further away."""
    net = SimpleNamespace(room=100, weight=1000)
    assert Planner.afford(net, 60, 0)
    assert net.room == 40
    assert not Planner.afford(net, 60, 0)
    assert Planner.afford(net, 60, 1000)
    assert net.room == 40
    assert Planner.afford(SimpleNamespace(room=0, weight=l2()), 60, 0)


def test_vectors_of_one_place():
    for out in range(1, 130):
        vectors = tiles.vectors_at_once(out)
        assert 3 <= vectors <= 5
        assert out % vectors <= out % 4


@pytest.mark.parametrize(("fmas", "few"), [(1, True), (2, False)])
def test_few_sums_cost_less_where_an_fma_takes_a_cycle(fmas, few, monkeypatch):
    monkeypatch.setattr(tiles, "FMAS", fmas)
    assert (4 * tiles.tile_cost(64, 7, 1) < tiles.tile_cost(64, 14, 2)) == few


def test_weights_are_to_come_before_they_are_wanted(monkeypatch):
    monkeypatch.setattr(choose, "FMAS", 1)
    found = {(tile, n): choose.late(tile, n) for tile in ((7, 1), (14, 2)) for n in (1, 2, choose.AHEAD)}
    assert [key for key, cost in found.items() if cost > 1] == [((7, 1), 1), ((7, 1), 2), ((14, 2), 2)]
    monkeypatch.setattr(choose, "FMAS", 2)
    assert choose.late((7, 1), 2) == 1


@pytest.mark.parametrize(("fmas", "pixels"), [(1, 7), (2, 14)])
def test_pixels_of_a_tile_that_fit_a_row(fmas, pixels, monkeypatch):
    monkeypatch.setattr(tiles, "FMAS", fmas)
    assert tiles.across(28, (14, 10, 7)) == pixels
    assert tiles.across(19, (14, 10, 7)) == 10
