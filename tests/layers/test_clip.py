import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError
from protonet.layers import make
from protonet.proto import caffe_pb2
from tests.naive.clip import clip
from tests.tools import layer, run

TEXT = 'type: "Clip" clip_param { min: -0.5 max: 0.75 }'


def test_agrees_with_numpy(rng):
    x = rng.normal(size=(2, 3, 5, 7)).astype("f")
    x[0, 0, 0, 0] = np.nan
    _, (y,) = run(layer(TEXT, x.shape), x)
    assert_array_equal(y.data, clip(x, np.float32(-0.5), np.float32(0.75)))


@pytest.mark.parametrize("in_place", [False, True])
def test_the_gradient_passes_between_the_bounds_and_at_them(in_place):
    it = layer(TEXT, (5,), in_place=in_place)
    it.forward([-0.51, -0.5, 0, 0.75, 0.76])
    assert_array_equal(it.backward(2.0)[0], [0, 2, 2, 2, 0])


@pytest.mark.parametrize(("given", "missing"), [({"max": 1.0}, "min"), ({"min": 1.0}, "max")])
def test_a_missing_bound_is_refused(given, missing):
    param = caffe_pb2.LayerParameter(name="c", type="Clip", bottom=["x"], top=["y"])
    for name, value in given.items():
        setattr(param.clip_param, name, value)
    with pytest.raises(NetError, match=f"clip_param has no {missing}: give both min and max"):
        make(param)
