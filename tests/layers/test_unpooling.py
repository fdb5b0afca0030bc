import pytest

from protonet.layers import TRAIN
from protonet.layers.unpooling import rows
from protonet.net import Net
from protonet.prototxt import parse
from protonet.runtime.step import Blob, Buffer


def test_a_map_is_a_row():
    assert rows(Blob(Buffer((2, 3, 4, 5)))) == (6, 20)


@pytest.mark.parametrize(
    ("kind", "spec"),
    [("Upsample", "upsample_param { scale: 2 }"), ("MaxUnPool", "max_unpool_param { dst_h: 4 dst_w: 4 }")],
)
def test_a_mask_of_learned_maps_sends_nothing_back_and_the_net_learns(kind, spec):
    net = Net(
        parse.loads(
            f"""
        layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ dim: 1 dim: 2 dim: 4 dim: 4 }} }} }}
        layer {{ name: "c" type: "Convolution" bottom: "x" top: "c"
          convolution_param {{ num_output: 2 kernel_size: 1 weight_filler {{ type: "xavier" }} }} }}
        layer {{ name: "p" type: "Pooling" bottom: "c" top: "p" top: "mask"
          pooling_param {{ kernel_size: 2 stride: 2 }} }}
        layer {{ name: "u" type: "{kind}" bottom: "p" bottom: "mask" top: "u" {spec} }}
        layer {{ name: "loss" type: "Reduction" bottom: "u" top: "loss" loss_weight: 1 }}
        """
        ),
        TRAIN,
    )
    net.blobs["x"].data[...] = 1
    net.forward_layers()
    net.backward_layers()
    assert net.params["c"][0].diff.any()
