"""Which kernels nets will ask for, without running anything: so that all can be compiled at once, ahead.

Kernels of the blocked families (a convolution's for each tile and activation, say) are made when a net asks for them.
`usual` asks on behalf of nets as they are mostly built, `of_net` on behalf of one.
"""

from protonet import passes
from protonet.engine import segments, session
from protonet.engine.plan import Constants
from protonet.engine.shapes import fed, reshaped
from protonet.engine.train.program import Training
from protonet.graph.build import build
from protonet.graph.read import read
from protonet.io import Weights
from protonet.layers import make
from protonet.layers.base import TEST, TRAIN
from protonet.net import Net
from protonet.prototxt import parse

CONVOLUTIONS = [  # channels, map, outputs, window, stride, group
    (3, 224, 64, 7, 2, 1), (3, 224, 64, 3, 1, 1), (3, 224, 32, 3, 2, 1), (3, 227, 96, 11, 4, 1),
    (1, 28, 20, 5, 1, 1), (64, 56, 64, 1, 1, 1), (64, 56, 256, 1, 1, 1), (256, 28, 128, 1, 1, 1),
    (256, 56, 512, 1, 2, 1), (64, 56, 16, 1, 1, 1), (512, 14, 512, 1, 1, 1), (512, 14, 1000, 1, 1, 1),
    (1024, 7, 512, 1, 1, 1), (512, 7, 512, 3, 1, 1), (48, 14, 24, 1, 1, 1), (64, 56, 64, 3, 1, 1),
    (128, 28, 128, 3, 1, 1), (256, 14, 256, 3, 1, 1), (128, 56, 128, 3, 2, 1), (96, 27, 256, 5, 1, 2),
    (32, 28, 96, 5, 1, 1), (20, 12, 50, 5, 1, 1), (32, 112, 32, 3, 1, 32), (64, 112, 64, 3, 2, 64),
    (512, 14, 512, 3, 1, 512),
]  # fmt: skip
ACTIVATIONS = ("", "ReLU", "ReLU6", "PReLU")
INPUT = (
    'layer {{ name: "x" type: "Input" top: "x" top: "label" input_param {{ shape {{ {} }} shape {{ dim: {} }} }} }}\n'
)
CONVOLUTION = (
    'layer {{ name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param {{'
    " num_output: {} kernel_size: {} stride: {} group: {} pad: {} }} }}\n"
)
NORM = """layer { name: "n" type: "BatchNorm" bottom: "c" top: "c" }
layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
"""
RELU = 'layer { name: "a" type: "ReLU" bottom: "c" top: "c" }\n'
HEAD = """layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "f" type: "InnerProduct" bottom: "p" top: "f" inner_product_param { num_output: 10 } }
layer { name: "l" type: "SoftmaxWithLoss" bottom: "f" bottom: "label" top: "l" }
"""


def of_program(source, weights=None):
    """(steps, plan) lots of a deploy net's program."""
    definition = read(source, TEST)
    graph = build(definition.net, lambda param: make(param, TEST), definition.places)
    passes.attach(graph, weights or Weights({}), allow_missing=True)
    passes.run(graph)
    lots = []
    shapes = {value.name: value.shape for value in graph.values()}
    for part in segments.cut(graph, Constants(), 1, False, None):
        if isinstance(part, segments.Static):
            made = reshaped(part.graph, [shapes[value.name] for value in fed(part.graph)])
            lots.append(session.lowered(made, Constants())[1:])
    return lots


def of_net(source):
    """Lots of a net in both phases, as it is trained, and as a program where its data come in by Input layers."""
    nets = [Net(source, phase=phase, fill=False) for phase in (TRAIN, TEST)]
    lots = [net.planned().lot for net in nets]
    training = Training.of(nets[0]) if any(place.backward for place in nets[0].places) else None
    lots += [training.lot] if training else []
    if nets[1].inputs and not any(place.layer.source for place in nets[1].places if place.layer.type != "Input"):
        lots += of_program(source)
    return lots, nets


def usual():
    """Lots of nets as they are mostly built: one convolution each, with what follows it."""
    lots, kept = [], []
    for C, size, K, kernel, stride, group in CONVOLUTIONS:
        body = CONVOLUTION.format(K, kernel, stride, group, kernel // 2)
        shape = "dim: {} " + f"dim: {C} dim: {size} dim: {size}"
        for kind in ACTIVATIONS:
            act = f'layer {{ name: "a" type: "{kind}" bottom: "c" top: "c" }}\n' if kind else ""
            lots += of_program(parse.loads(INPUT.format(shape.format(1), 1) + body + act, "NetParameter"))
        text = INPUT.format(shape.format(8), 8) + body + NORM + RELU + HEAD
        found, nets = of_net(parse.loads(text, "NetParameter"))
        lots += found
        kept += nets  # lots hold no memory of theirs
    return lots, kept
