"""A train net of ours as a PyTorch module with its loss and optimiser: from the same weights, in either layout.

As one would write it by hand: BatchNorm and the Scale behind it are one call, activations are in place where the
prototxt has them so, and the update is torch.optim.SGD's fused one.
"""

import torch
import torch.nn.functional as F
from torch import nn

from tests.perf.peers.torch_model import RULES

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
SAME = "Split", "Input"


class Node:
    """A layer of a Net as the rules see one: spec, layer, shapes of what it reads and makes."""

    def __init__(self, net, place):
        self.layer, self.type, self.spec = place.layer, place.layer.type, place.layer.spec
        self.bottoms, self.tops, self.in_place = place.bottoms, place.tops, bool(place.in_place())
        self.inputs = [net.blob_list[b] for b in place.bottoms]
        self.outputs = [net.blob_list[t] for t in place.tops]
        self.params, self.scaled = list(place.params), []


class Module(nn.Module):
    """forward(data, label) gives the loss."""

    def __init__(self, net):
        super().__init__()
        self.nodes, self.learned = joined([Node(net, place) for place in net.places]), {}
        for k, blob in enumerate(net.parameters.blobs):
            self.register_parameter(f"p{k}", nn.Parameter(torch.from_numpy(blob.data.copy()), requires_grad=False))
        for learned in net.parameters.learned:
            k = next(i for i, blob in enumerate(net.parameters.blobs) if blob is learned.blob)
            self.learned[k] = learned
            getattr(self, f"p{k}").requires_grad_(bool(learned.lr_mult))

    def forward(self, data, label):
        values = {}
        for node in self.nodes:
            if node.type == "Input":
                values[node.tops[0]], values[node.tops[1]] = data, label
                continue
            params = [getattr(self, f"p{k}") for k in node.params]
            scaled = [getattr(self, f"p{k}") for k in node.scaled]
            xs = [values[b] for b in node.bottoms]
            made = xs[0] if node.type in SAME else TRAINED.get(node.type, plain)(node, params, scaled, *xs)
            for top in node.tops:
                values[top] = made
        return values[self.nodes[-1].tops[0]]

    def groups(self, rate, decay):
        """Parameters with their own rate and decay, as torch.optim wants them."""
        found: dict = {}
        for k, learned in self.learned.items():
            if learned.lr_mult:
                key = learned.lr_mult * rate, learned.decay_mult * decay
                found.setdefault(key, []).append(getattr(self, f"p{k}"))
        return [{"params": each, "lr": lr, "weight_decay": wd} for (lr, wd), each in found.items()]


def joined(nodes):
    """BatchNorm takes over the parameters of a Scale in place behind it."""
    kept = []
    for node in nodes:
        if node.type == "Scale" and kept and kept[-1].type == "BatchNorm" and node.bottoms == kept[-1].tops:
            kept[-1].scaled, kept[-1].tops = node.params, node.tops
        else:
            kept.append(node)
    return kept


def plain(node, params, scaled, *xs):
    return RULES[node.type](node, params, *xs)


def batch_norm(node, params, scaled, x):
    keep = 1 - node.spec.moving_average_fraction
    weight, bias = scaled if len(scaled) == 2 else (scaled[0] if scaled else None, None)
    return F.batch_norm(x, params[0], params[1], weight, bias, training=True, momentum=keep, eps=node.spec.eps)


def relu(node, params, scaled, x):
    if node.spec.negative_slope:
        return F.leaky_relu(x, node.spec.negative_slope, inplace=node.in_place)
    return F.relu(x, inplace=node.in_place)


TRAINED = {
    "BatchNorm": batch_norm,
    "ReLU": relu,
    "Dropout": lambda n, p, s, x: F.dropout(x, n.spec.dropout_ratio, training=True),
    "SoftmaxWithLoss": lambda n, p, s, x, label: F.cross_entropy(x.flatten(1), label),
}


def trainer(net, threads, layout, rate, decay, momentum=0.9):
    """A function that makes one step, beginning with the weights `net` has now, and returns the loss before it."""
    module = Module(net).to(memory_format=LAYOUTS[layout])
    data = torch.from_numpy(net.blobs["data"].data.copy()).contiguous(memory_format=LAYOUTS[layout])
    label = torch.from_numpy(net.blobs["label"].data.copy()).long()
    optimiser = torch.optim.SGD(module.groups(rate, decay), momentum=momentum, fused=True)

    def step():
        torch.set_num_threads(threads)
        loss = module(data, label)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return loss.item()

    return step
