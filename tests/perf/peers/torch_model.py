"""A folded graph as a PyTorch module: what is traced, frozen and optimised for inference."""

import torch
import torch.nn.functional as F
from torch import nn

from protonet.layers import spatial

MAX = 0
LOWEST = -3.4e38


class Module(nn.Module):
    """Takes the inputs in the graph's order, gives the outputs in its order."""

    def __init__(self, graph):
        super().__init__()
        self.graph = graph
        self.inputs = [value for node in graph.nodes if node.type == "Input" for value in node.outputs]
        for i, node in enumerate(graph.nodes):
            for k, blob in enumerate(node.blobs):
                self.register_parameter(f"p{i}_{k}", nn.Parameter(torch.from_numpy(blob.copy()), requires_grad=False))

    def forward(self, *arrays):
        values = dict(zip(self.inputs, arrays, strict=True))
        for i, node in enumerate(self.graph.nodes):
            if node.type == "Input":
                continue
            params = [getattr(self, f"p{i}_{k}") for k in range(len(node.blobs))]
            result = RULES[node.type](node, params, *(values[value] for value in node.inputs))
            for value in node.outputs:
                values[value] = result
        return tuple(values[value] for value in self.graph.outputs)


def convolution(node, params, x):
    w = spatial.window(node.spec, node.inputs[0].shape[2:])
    _, groups = node.layer.channels(node.inputs[0].shape)
    pad = w.before
    if w.before != w.after:
        x, pad = F.pad(x, (w.before[1], w.after[1], w.before[0], w.after[0])), 0
    return F.conv2d(x, params[0], params[1] if len(params) > 1 else None, w.stride, pad, w.dilation, groups)


def pooling(node, params, x):
    if node.spec.global_pooling:
        return x.amax((2, 3), keepdim=True) if node.spec.pool == MAX else x.mean((2, 3), keepdim=True)
    shape = node.inputs[0].shape
    kernel, stride, before, _, out = node.layer.geometry(shape)
    behind = [
        max(0, (o - 1) * s + k - n - b) for o, s, k, n, b in zip(out, stride, kernel, shape[2:], before, strict=True)
    ]
    pool = F.max_pool2d if node.spec.pool == MAX else F.avg_pool2d
    if all(2 * b <= k for b, k in zip(before, kernel, strict=True)):  # its rounding up is Caffe's, divisors too
        down = [(n + 2 * b - k) // s + 1 for n, k, s, b in zip(shape[2:], kernel, stride, before, strict=True)]
        return pool(x, kernel, stride, before, ceil_mode=down != list(out))
    around = (before[1], behind[1], before[0], behind[0])
    return pool(F.pad(x, around, value=LOWEST if node.spec.pool == MAX else 0.0), kernel, stride)


def scale(node, params, x):
    factors = [p.reshape(-1, *[1] * (x.dim() - 2)) for p in params]
    return x * factors[0] + factors[1] if len(factors) > 1 else x * factors[0]


def eltwise(node, params, *xs):
    total = xs[0]
    for x in xs[1:]:
        total = (torch.mul, torch.add, torch.maximum)[node.spec.operation](total, x)
    return total


def permute(node, params, x):
    order = list(node.spec.order)
    return x.permute(*order, *(i for i in range(x.dim()) if i not in order)).contiguous()


def product(node, params, x):
    w = params[0].t() if node.spec.transpose else params[0]
    return F.linear(x.flatten(1), w, params[1] if len(params) > 1 else None)


RULES = {
    "Convolution": convolution,
    "ConvolutionDepthwise": convolution,
    "DepthwiseConvolution": convolution,
    "InnerProduct": product,
    "Pooling": pooling,
    "LRN": lambda n, p, x: F.local_response_norm(x, n.spec.local_size, n.spec.alpha, n.spec.beta, n.spec.k),
    "ReLU": lambda n, p, x: F.leaky_relu(x, n.spec.negative_slope) if n.spec.negative_slope else F.relu(x),
    "PReLU": lambda n, p, x: F.prelu(x, p[0].reshape(-1)),
    "Clip": lambda n, p, x: x.clamp(n.spec.min, n.spec.max),
    "Scale": scale,
    "Concat": lambda n, p, *xs: torch.cat(xs, n.layer.axis(n.outputs[0].shape)),
    "Eltwise": eltwise,
    "Softmax": lambda n, p, x: F.softmax(x, n.spec.axis),
    "Flatten": lambda n, p, x: x.reshape(n.outputs[0].shape),
    "Reshape": lambda n, p, x: x.reshape(n.outputs[0].shape),
    "Permute": permute,
    "Dropout": lambda n, p, x: x,
    "Split": lambda n, p, x: x,
    "Sigmoid": lambda n, p, x: torch.sigmoid(x),
    "TanH": lambda n, p, x: torch.tanh(x),
}
