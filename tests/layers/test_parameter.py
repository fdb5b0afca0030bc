from numpy.testing import assert_array_equal

from tests.naive.parameter import parameter
from tests.tools import layer

TEXT = 'type: "Parameter" parameter_param { shape { dim: 2 dim: 3 } }'


def test_the_top_is_the_blob_and_its_gradient_adds_up(rng):
    it = layer(TEXT)
    assert_array_equal(it.forward()[0], [[0] * 3] * 2)
    it.blobs[0].data[...] = rng.normal(size=(2, 3))
    assert_array_equal(it.forward()[0], parameter(it.blobs[0].data))
    it.backward(2.0)
    it.program.run(it.half)
    assert_array_equal(it.blobs[0].diff, [[4] * 3] * 2)


def test_no_shape_is_one_number():
    assert layer('type: "Parameter"').tops[0].data.shape == ()
