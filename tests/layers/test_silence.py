from numpy.testing import assert_array_equal

from tests.naive.silence import silence
from tests.tools import layer, run


def test_it_has_no_tops_and_its_gradients_are_zero(rng):
    it = layer('type: "Silence"', (2, 3), (4,))
    it.bottoms[0].diff[...] = it.bottoms[1].diff[...] = 7
    _, tops = run(it, rng.normal(size=(2, 3)), rng.normal(size=4))
    assert tops == silence()
    for diff in it.backward():
        assert_array_equal(diff, 0 * diff)
