"""The nets whose training is measured: prototxts as published, given an input and a loss where they lack one."""

import numpy as np

import protonet
from protonet.graph.read import read
from protonet.prototxt import parse
from protonet.solvers.solver import Solver
from tests.conftest import CORPUS

RESNET = "KaimingHe+deep-residual-networks/prototxt/ResNet-50-deploy.prototxt"
NETS = {  # batch, shape of an image, labels
    "LeNet": ("BVLC+caffe/examples/mnist/lenet_train_test.prototxt", 64, (1, 28, 28), 10),
    "CIFAR-quick with BN": ("BVLC+caffe/examples/cifar10/cifar10_quick_train_test.prototxt", 100, (3, 32, 32), 10),
    "SqueezeNet 1.1": ("forresti+SqueezeNet/SqueezeNet_v1.1/train_val.prototxt", 8, (3, 227, 227), 1000),
    "open_nsfw": ("yahoo+open_nsfw/nsfw_model/deploy.prototxt", 8, (3, 224, 224), 2),
    "ResNet-50": (RESNET, 8, (3, 224, 224), 1000),
    "AlexNet": ("BVLC+caffe/models/bvlc_alexnet/train_val.prototxt", 8, (3, 227, 227), 1000),
}
SOLVER = "base_lr: %g momentum: 0.9 weight_decay: 0.0005 lr_policy: 'fixed' max_iter: 1000 random_seed: 1"
RATE = 0.0001
DROPPED = "Data", "Accuracy", "Silence", "Input"


def solver_of(name, threads, dropout=True):
    """A Solver of this net on fixed data, with weights that keep activations near one."""
    path, batch, image, labels = NETS[name]
    net = trained(str(CORPUS / path), (batch, *image), name.endswith("BN"), dropout)
    return started(net, (batch, *image), labels, threads)


def tiny(threads):
    """A Solver of a net of next to no size: a step of it loads all code but the kernels of other layers."""
    shape = 4, 1, 8, 8
    return started(parse.loads(FED % (*shape, shape[0]) + TINY, "NetParameter").message, shape, 2, threads)


def started(net, shape, labels, threads):
    param = parse.loads(SOLVER % RATE, "SolverParameter").message
    param.net_param.CopyFrom(net)
    solver = Solver(param, threads=threads)
    rng = np.random.default_rng(0)
    solver.net.blobs["data"].data[...] = rng.normal(size=shape)
    solver.net.blobs["label"].data[...] = rng.integers(0, labels, shape[0])
    for learned in solver.net.parameters.learned:
        blob = learned.blob
        if len(blob.shape) > 1:
            blob.data[...] = rng.standard_normal(blob.shape, np.float32)
            blob.data[...] *= np.sqrt(2 / np.prod(blob.shape[1:]))
    return solver


def trained(path, shape, normed, dropout):
    """The train net of a file, fed by an Input layer and ending in a softmax loss."""
    net = read(path, protonet.TRAIN).net
    layers = [layer for layer in net.layer if layer.type not in DROPPED and (dropout or layer.type != "Dropout")]
    del net.input[:], net.input_dim[:], net.input_shape[:]
    fed = parse.loads(FED % (*shape, shape[0]), "NetParameter").message.layer
    made = [*fed]
    for layer in layers:
        if layer.type == "Softmax":
            layer.type = "SoftmaxWithLoss"
            layer.bottom.append("label")
        elif layer.type == "BatchNorm":
            layer.batch_norm_param.ClearField("use_global_stats")
        made.append(layer)
        if normed and layer.type == "Convolution":
            made += parse.loads(NORM.replace("TOP", layer.top[0]), "NetParameter").message.layer
    result = type(net)(name=net.name)
    result.layer.extend(made)
    return result


FED = """layer { name: "data" type: "Input" top: "data" top: "label"
  input_param { shape { dim: %d dim: %d dim: %d dim: %d } shape { dim: %d } } }"""
NORM = """layer { name: "norm_TOP" type: "BatchNorm" bottom: "TOP" top: "TOP" }
layer { name: "scale_TOP" type: "Scale" bottom: "TOP" top: "TOP" scale_param { bias_term: true } }"""
TINY = """layer { name: "c" type: "Convolution" bottom: "data" top: "c"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "f" type: "InnerProduct" bottom: "c" top: "f" inner_product_param { num_output: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "f" bottom: "label" top: "loss" }"""
