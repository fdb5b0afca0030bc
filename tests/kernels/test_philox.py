"""Random draws: the published vectors, and the same numbers from the kernel, from numpy and from plain Python."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.kernels import philox
from protonet.runtime import random
from tests.kernels.tools import run

PI = 0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0
VECTORS = {  # kat_vectors of Random123: counter and key -> words
    (0,) * 6: (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    (0xFFFFFFFF,) * 6: (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    PI: (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
}
SEED, STREAM, ITERATION = 0x123456789ABCDEF, 77, 12


@pytest.mark.parametrize(("counter", "words"), VECTORS.items())
def test_philox_gives_the_published_words(counter, words):
    assert philox.philox(*counter) == words


def test_numpy_draws_the_published_words():
    # counter (block, block >> 32, iteration, stream), key the two halves of the seed: all ones but for block 0
    words = random.words(2**64 - 1, 0xFFFFFFFF, 0xFFFFFFFF, 4)
    assert tuple(words) == philox.philox(0, 0, *[0xFFFFFFFF] * 4)


@pytest.mark.parametrize("n", [1, 3, 4, 5, 4096, 4099, 9001])
def test_the_kernel_draws_what_numpy_draws(n):
    y = np.zeros(n, np.float32)
    words = np.array([SEED, ITERATION])
    run(philox.fill_uniform, y, 0.0, 1.0, words, STREAM, tasks=-(-n // philox.CHUNK))
    assert_array_equal(y, random.uniform(SEED, STREAM, ITERATION, n))


def test_draws_lie_in_the_range_asked_for():
    y = np.zeros(40000, np.float32)
    run(philox.fill_uniform, y, -2.0, 4.0, np.array([1, 0]), 0, tasks=10, python=False)
    assert y.min() >= -2
    assert y.max() < 4
    np.testing.assert_allclose([y.mean(), y.var()], [1, 36 / 12], rtol=0.03)  # 40000 draws: 3 standard errors


def test_seed_stream_and_iteration_each_give_other_draws():
    one = random.uniform(1, 2, 3, 1000)
    for other in (2, 2, 3), (1, 3, 3), (1, 2, 4), (1 + (1 << 32), 2, 3):
        assert (one == random.uniform(*other, 1000)).mean() < 0.01


def test_a_longer_draw_begins_with_the_shorter_one():
    assert_array_equal(random.words(5, 6, 7, 3), random.words(5, 6, 7, 1000)[:3])


def test_uniform_is_never_one():
    assert philox.uniform(0xFFFFFFFF) < 1
    assert philox.uniform(0) == 0
