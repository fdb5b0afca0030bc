"""Training on the packed plan against the exact plan: equal losses and gradients, or a reason from both."""

import numpy as np
from hypothesis import strategies as st

from protonet.engine.train.program import Training
from protonet.net import Net
from protonet.prototxt import parse, write
from tests.fuzz import nets

LOSSES = ["SoftmaxWithLoss", "EuclideanLoss", "SigmoidCrossEntropyLoss", "HingeLoss"]
FC = f"inner_product_param {{ num_output: 4 {nets.FILL} }}"
MEAN = "reduction_param { operation: MEAN } loss_weight: 0.5"


@st.composite
def trained(draw):
    """A net of a chain with a loss, and the label it wants."""
    param = draw(nets.chains(6))
    n, bottom = param.layer[0].input_param.shape[0].dim[0], param.layer[-1].top[0]
    for layer in param.layer:
        if layer.type in ("Convolution", "InnerProduct") and not draw(st.integers(0, 5)):
            layer.param.add(lr_mult=draw(st.sampled_from([0, 1, 2])), name=draw(st.sampled_from(["", "", "w"])))
        if layer.type not in ("Input", "Data") and not draw(st.integers(0, 12)):
            layer.propagate_down.extend([draw(st.booleans())] * len(layer.bottom))
    kind = draw(st.sampled_from(LOSSES))
    labels = f"dim: {n}" if kind in ("SoftmaxWithLoss", "HingeLoss") else f"dim: {n} dim: 4"
    text = f"layer {{ name: 'l' type: 'Input' top: 'label' input_param {{ shape {{ {labels} }} }} }}\n"
    text += f"layer {{ name: 'fc' type: 'InnerProduct' bottom: '{bottom}' top: 'fc' {FC} }}\n"
    text += f"layer {{ name: 'loss' type: '{kind}' bottom: 'fc' bottom: 'label' top: 'loss' }}\n"
    if draw(st.booleans()):
        top = draw(st.sampled_from([top for layer in param.layer for top in layer.top]))
        text += f"layer {{ name: 'more' type: 'Reduction' bottom: '{top}' top: 'more' {MEAN} }}\n"
    param.layer.extend(parse.loads(text).message.layer)
    return param


def filled(param, rng, threads=1):
    net = Net(param, 0, seed=3, threads=threads)
    net.blobs["x"].data[...] = rng.normal(size=net.blobs["x"].shape)
    net.blobs["label"].data[...] = rng.integers(0, 4, net.blobs["label"].shape)
    return net


def by_layers(net):
    loss = net.forward_layers()
    net.backward_layers()
    return loss


def results(net, loss):
    found = {"loss": np.array([loss], np.float32)}
    for i, blob in enumerate(net.parameters.blobs):
        found[f"{i} {blob.name}"], found[f"{i} {blob.name} diff"] = blob.data.copy(), blob.diff.copy()
    return found


def target(folder):
    def attempt(data):
        param, start, keep, threads = data
        (folder / "case").write_text(f"{write.dumps(param)}# {start} {keep} {threads}")
        net = filled(param, np.random.default_rng(start))
        if sum(blob.count for blob in net.blob_list) > 1 << 21:
            return
        other = filled(param, np.random.default_rng(start), threads)
        training = Training.of(other)
        if training is None:
            return
        training.exact = keep
        rng = np.random.default_rng(start)

        def again():
            third = filled(param, np.random.default_rng(start))
            for blob in third.parameters.blobs:
                blob.data[...] = nets.shaken(blob.data, rng)
            third.blobs["x"].data[...] = nets.shaken(third.blobs["x"].data, rng)
            third.clear_param_diffs()
            return results(third, by_layers(third))

        for i in range(2):
            for each in net, other:
                each.clear_param_diffs()
            expected, wrong = nets.attempt(lambda: by_layers(net))
            found, failed = nets.attempt(training.run)
            assert bool(wrong) == bool(failed), f"exact: {wrong}; packed: {failed}"
            if wrong:
                return
            mine, its = results(net, expected), results(other, found)
            if i == 0:
                nets.same(mine, its, again)
        for name in net.blobs:  # who looks afterwards sees what was
            assert net.blobs[name].shape == other.blobs[name].data.shape

    return st.tuples(trained(), st.integers(0, 1000), st.booleans(), st.sampled_from([1, 1, 2])), attempt
