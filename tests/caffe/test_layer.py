"""Layer: what layers written in Python derive from."""

import protonet
from protonet.caffe.layer import Layer
from protonet.layers.python import UserLayer


def test_scripts_find_it_under_pycaffes_name():
    assert protonet.Layer is Layer is UserLayer
    for method in "setup", "reshape", "forward", "backward":
        assert callable(getattr(Layer, method))
