"""Nets from text, and small ones that several tests use."""

from protonet.net import Net
from protonet.prototxt import parse


def net(text, phase=1, **options):
    return Net(parse.loads(text, name="net.prototxt"), phase, **options)


def layer(name, kind, bottoms="", tops="", rest=""):
    sides = "".join(f' bottom: "{b}"' for b in bottoms.split()) + "".join(f' top: "{t}"' for t in tops.split())
    return f'layer {{ name: "{name}" type: "{kind}"{sides} {rest} }}\n'


def data(*dims, top="data", rest=""):
    shape = " ".join(f"dim: {n}" for n in dims)
    return layer("in_" + top, "Input", "", top, f"input_param {{ shape {{ {shape} }} }} {rest}")


def ip(name, bottom, top, n=3, rest=""):
    filler = 'weight_filler { type: "gaussian" std: 0.5 } bias_filler { type: "constant" value: 0.1 }'
    return layer(name, "InnerProduct", bottom, top, f"inner_product_param {{ num_output: {n} {filler} }} {rest}")


def dummy(*shapes, tops="data label", fillers=()):
    made = "".join(f"shape {{ {' '.join(f'dim: {n}' for n in shape)} }} " for shape in shapes)
    made += "".join(f"data_filler {{ {filler} }} " for filler in fillers)
    return layer("source", "DummyData", "", tops, f"dummy_data_param {{ {made} }}")


CNN = (
    dummy((6, 3, 9, 8), (6,), fillers=['type: "gaussian" std: 1', 'type: "constant" value: 2'])
    + layer("conv1", "Convolution", "data", "conv1",
            'convolution_param { num_output: 5 kernel_size: 3 pad: 1 weight_filler { type: "msra" } }')
    + layer("bn1", "BatchNorm", "conv1", "conv1")
    + layer("scale1", "Scale", "conv1", "conv1", "scale_param { bias_term: true }")
    + layer("relu1", "ReLU", "conv1", "conv1")
    + layer("pool1", "Pooling", "conv1", "pool1", "pooling_param { kernel_size: 2 stride: 2 }")
    + layer("conv2", "Convolution", "pool1", "conv2",
            'convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } }')
    + layer("ave", "Pooling", "pool1", "ave", "pooling_param { pool: AVE kernel_size: 3 }")
    + layer("both", "Concat", "conv2 ave", "both")
    + layer("drop", "Dropout", "both", "both")
    + ip("fc", "both", "fc", 4)
    + layer("loss", "SoftmaxWithLoss", "fc label", "loss")
)  # fmt: skip
