"""Batches whose first layers run a few images at a time: the same numbers, less memory."""

import numpy as np
import pytest

from protonet.engine import slices
from tests.engine.tools import agree, conv, dense, layer, operations, pool, relu

SUM = "eltwise_param { operation: SUM }"
BODY = (
    conv("a", "x", 32, 3, pad=1)
    + relu("a")
    + pool("p", "a", "MAX", kernel_size=2, stride=2)
    + conv("b", "p", 32, 3, pad=1)
    + conv("c", "p", 48)
    + layer("Eltwise", "s", ["p", "b"], SUM)
    + relu("s")
    + layer("Concat", "t", ["s", "c"])
    + conv("u", "t", 32, 3, pad=1, stride=2)
    + layer("Concat", "v", ["u"])
    + conv("w", "v", 64, 3, pad=1)
    + pool("q", "w", "AVE", global_pooling="true")
    + dense("y", "q", 10)
)


@pytest.fixture
def small(monkeypatch):
    """A cache so small that everything is sliced, as far as it can be, and weights are not counted."""
    monkeypatch.setattr(slices, "l2", lambda: 1 << 14)
    monkeypatch.setattr(slices, "HIDDEN", 0)


def first(program):
    """How often the first convolution runs."""
    names = [name for name in operations(program) if "conv" in name or "winograd.product" in name or "fused" in name]
    return len(names)


@pytest.mark.parametrize("images", [2, 6])
def test_a_net_runs_image_by_image(images, small):
    program, _ = agree(BODY, (images, 3, 24, 20), tolerance=5e-5)
    assert first(program) > 5 * (images - 1)


@pytest.mark.parametrize("keep", [["a"], ["p", "s"], ["b", "t", "u"], ["c", "v"]])
def test_values_that_are_kept_or_read_beyond_the_cut(keep, small):
    agree(BODY, (4, 3, 24, 20), tolerance=5e-5, keep=keep)


def test_two_inputs(small):
    body = conv("a", "x", 32, 3, pad=1) + conv("b", "x1", 32, 3, pad=1) + layer("Eltwise", "s", ["a", "b"], SUM)
    agree(body + conv("y", "s", 16, 3) + conv("z", "x1", 16), (4, 3, 24, 20), (4, 3, 24, 20), tolerance=5e-5)


def test_what_mixes_images_is_not_sliced(small):
    body = conv("a", "x", 32, 3) + layer(
        "Reshape", "r", "a", "reshape_param { shape { dim: 1 dim: 64 dim: 0 dim: 0 } }"
    )
    agree(body + conv("y", "r", 16), (2, 3, 24, 20))
    body = conv("a", "x", 16) + layer("Concat", "y", ["a", "a"], "concat_param { axis: 0 }") + conv("z", "y", 16)
    agree(body, (2, 3, 24, 20))


def test_memory_is_that_of_one_slice(monkeypatch):
    body = conv("a", "x", 64, 3, pad=1) + conv("b", "a", 64, 3, pad=1) + pool("p", "b", "MAX", kernel_size=4, stride=4)
    body += conv("y", "p", 16)

    def arena():
        program, _ = agree(body, (8, 3, 64, 64), tolerance=5e-5, threads=(1,))
        (plan,) = program.plans
        return plan.places.sizes["arena"]

    monkeypatch.setattr(slices, "l2", lambda: 1 << 30)
    whole = arena()
    monkeypatch.setattr(slices, "l2", lambda: 1 << 19)
    monkeypatch.setattr(slices, "HIDDEN", 0)
    assert arena() < whole / 3


def test_a_batch_of_no_images_gives_no_numbers():
    program, _ = agree(BODY, (2, 3, 9, 9))
    assert program.run(np.zeros((0, 3, 9, 9)))["y"].shape == (0, 10)
