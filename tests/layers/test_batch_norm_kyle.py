from numpy.testing import assert_allclose

from protonet.layers import TEST
from tests.naive.batch_norm_kyle import batch_norm_kyle
from tests.tools import layer, run


def test_it_is_batch_norm(rng):
    x, it = rng.normal(size=(3, 2, 4)), layer('type: "BatchNormKyle"', (3, 2, 4), phase=TEST)
    for blob, value in zip(it.blobs, ([2, 4], [8, 18], [2]), strict=True):
        blob.data[:] = value
    _, (y,) = run(it, x)
    assert_allclose(y.data, batch_norm_kyle(x, [1, 2], [4, 9]), rtol=1e-5)
