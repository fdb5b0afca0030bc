"""A training step on the packed plan gives what the exact plan gives: losses, gradients, statistics, and any blob."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.engine.train.program import Training
from protonet.net import Net
from protonet.prototxt import parse
from protonet.solvers.solver import Solver

FILL = "weight_filler { type: 'msra' } bias_filler { type: 'gaussian' std: 0.1 }"


def layer(kind, name, bottoms, rest=""):
    bottoms = [bottoms] if isinstance(bottoms, str) else bottoms
    read = " ".join(f"bottom: '{each}'" for each in bottoms)
    return f"layer {{ name: '{name}' type: '{kind}' {read} top: '{name}' {rest} }}\n"


def inputs(shape):
    """x of this shape, and a label for each image."""
    dims = " ".join(f"dim: {n}" for n in shape)
    shapes = f"shape {{ {dims} }} shape {{ dim: {shape[0]} }}"
    return f"layer {{ name: 'in' type: 'Input' top: 'x' top: 'label' input_param {{ {shapes} }} }}\n"


def conv(name, bottom, n, size=3, more="", extra=""):
    spec = f"convolution_param {{ num_output: {n} kernel_size: {size} {FILL} {more} }} {extra}"
    return layer("Convolution", name, bottom, spec)


def relu(blob, more=""):
    return f"layer {{ name: '{blob}/relu' type: 'ReLU' bottom: '{blob}' top: '{blob}' relu_param {{ {more} }} }}\n"


def norm(blob, scale=True, more=""):
    at = f"bottom: '{blob}' top: '{blob}'"
    text = f"layer {{ name: '{blob}/bn' type: 'BatchNorm' {at} batch_norm_param {{ {more} }} }}\n"
    spec = "scale_param { bias_term: true filler { type: 'gaussian' mean: 1 std: 0.3 } bias_filler { value: 0.2 } }"
    return text + f"layer {{ name: '{blob}/s' type: 'Scale' {at} {spec} }}\n" * scale


def pool(name, bottom, method="MAX", more="kernel_size: 3 stride: 2"):
    return layer("Pooling", name, bottom, f"pooling_param {{ pool: {method} {more} }}")


def end(bottom, classes=5):
    spec = f"inner_product_param {{ num_output: {classes} {FILL} }}"
    return layer("InnerProduct", "fc", bottom, spec) + layer("SoftmaxWithLoss", "loss", ["fc", "label"])


SUM = "eltwise_param { operation: SUM }"
BODIES = {
    "plain": conv("a", "x", 20) + relu("a") + conv("b", "a", 24, more="pad: 1") + relu("b") + end("b"),
    "strides": conv("a", "x", 17, 5, "stride: 2 pad: 2") + conv("b", "a", 33, 3, "stride: 2 pad: 1") + end("b"),
    "one by one": conv("a", "x", 32, 1, "stride: 2") + relu("a") + conv("b", "a", 48, 1, "stride: 2") + end("b"),
    "groups": conv("a", "x", 32)
    + conv("b", "a", 64, 3, "group: 2 pad: 1")
    + conv("c", "b", 12, 3, "group: 4")
    + end("c"),
    "dilated": conv("a", "x", 20, 3, "dilation: 2 pad: 2")
    + relu("a")
    + conv("b", "a", 20, 3, "dilation: 2")
    + end("b"),
    "depthwise": conv("a", "x", 24) + relu("a") + conv("b", "a", 24, 3, "group: 24 pad: 1") + relu("b") + end("b"),
    "deconvolution": conv("a", "x", 20, 3, "stride: 2")
    + layer("Deconvolution", "b", "a", f"convolution_param {{ num_output: 18 kernel_size: 4 stride: 2 {FILL} }}")
    + end("b"),
    "norm": conv("a", "x", 20) + norm("a") + relu("a") + conv("b", "a", 18) + norm("b", scale=False) + end("b"),
    "global": conv("a", "x", 20) + norm("a", more="use_global_stats: true") + relu("a") + conv("b", "a", 7) + end("b"),
    "residual": conv("a", "x", 32, more="pad: 1")
    + norm("a")
    + relu("a")
    + conv("b", "a", 32, more="pad: 1")
    + norm("b")
    + relu("b")
    + conv("c", "b", 32, more="pad: 1")
    + norm("c")
    + layer("Eltwise", "d", ["a", "c"], SUM)
    + relu("d")
    + pool("p", "d", "AVE")
    + end("p"),
    "sums": conv("a", "x", 32)
    + conv("b", "x", 32)
    + layer("Eltwise", "s", ["a", "b"], SUM)
    + relu("s")
    + layer("Eltwise", "t", ["s", "a"], "eltwise_param { operation: MAX }")
    + layer("Eltwise", "u", ["t", "b"], "eltwise_param { operation: PROD }")
    + end("u"),
    "concat": conv("a", "x", 16)
    + relu("a")
    + conv("b", "a", 32, 1)
    + relu("b")
    + conv("c", "a", 16, 3, "pad: 1")
    + layer("Concat", "d", ["b", "c", "a"], "")
    + conv("e", "d", 20)
    + layer("Concat", "f", ["e", "e"], "")
    + end("f"),
    "pools": conv("a", "x", 20)
    + relu("a")
    + pool("p", "a")
    + pool("q", "p", "AVE", "kernel_size: 2 pad: 1")
    + pool("r", "q", "MAX", "kernel_size: 3 stride: 3 pad: 1")
    + end("r"),
    "two readers": conv("a", "x", 16)
    + relu("a")
    + pool("p", "a")
    + pool("q", "a", "AVE")
    + layer("Concat", "d", ["p", "q"], "")
    + end("d"),
    "lrn": conv("a", "x", 20)
    + relu("a")
    + layer("LRN", "n", "a", "lrn_param { local_size: 5 alpha: 0.1 beta: 0.6 }")
    + pool("p", "n")
    + end("p"),
    "leaky": conv("a", "x", 20)
    + relu("a", "negative_slope: 0.1")
    + conv("b", "a", 9)
    + relu("b", "negative_slope: 0.3")
    + end("b"),
    "dropout": conv("a", "x", 16)
    + relu("a")
    + "layer { name: 'd' type: 'Dropout' bottom: 'a' top: 'a' }\n"
    + conv("b", "a", 8)
    + end("b"),
    "frozen": conv("a", "x", 16, extra="param { lr_mult: 0 } param { lr_mult: 0 }")
    + relu("a")
    + conv("b", "a", 16, extra="param { lr_mult: 0 } param { lr_mult: 1 }")
    + relu("b")
    + conv("c", "b", 8)
    + end("c"),
    "held back": conv("a", "x", 16)
    + "layer { name: 's' type: 'Split' bottom: 'a' top: 'b' propagate_down: false }\n"
    + layer("Eltwise", "d", ["a", "b"], SUM)
    + conv("e", "d", 8)
    + end("e"),
    "shared": conv("a", "x", 3, extra="param { name: 'w' }", more="pad: 1")
    + relu("a")
    + conv("b", "a", 3, extra="param { name: 'w' }", more="pad: 1")
    + end("b"),
    "shapes": conv("a", "x", 16)
    + layer("Flatten", "f", "a")
    + layer("Reshape", "r", "f", "reshape_param { shape { dim: 0 dim: 8 dim: -1 dim: 1 } }")
    + conv("b", "r", 4, 1)
    + end("b"),
    "two losses": conv("a", "x", 16)
    + relu("a")
    + end("a")
    + layer("InnerProduct", "fc2", "a", "inner_product_param { num_output: 5 }")
    + layer("SoftmaxWithLoss", "second", ["fc2", "label"], "loss_weight: 0.3"),
    "none of ours": conv("a", "x", 16)
    + layer("PReLU", "b", "a", "")
    + layer("Sigmoid", "c", "b", "")
    + layer("Power", "d", "c", "power_param { power: 2 scale: 0.5 shift: 1 }")
    + end("d"),
    "stochastic": conv("a", "x", 16) + relu("a") + pool("p", "a", "STOCHASTIC") + end("p"),
}


def pair(body, shape=(3, 3, 14, 13), threads=1, exact=False, **options):
    """Two equal nets with equal data; the second with its packed plan."""
    text, rng = inputs(shape) + body, np.random.default_rng(1)
    x, label = rng.normal(size=shape), rng.integers(0, 5, shape[0])
    made = []
    for _ in range(2):
        param = parse.loads(text, "NetParameter").message
        net = Net(param, seed=3, threads=threads, **options)
        net.blobs["x"].data[...], net.blobs["label"].data[...] = x, label
        made.append(net)
    training = Training.of(made[1])
    training.exact = exact
    return *made, training


def step(net, run):
    net.clear_param_diffs()
    return run()


def by_layers(net):
    loss = net.forward_layers()
    net.backward_layers()
    return loss


def compare(net, other, tolerance=2e-5):
    for mine, its in zip(net.parameters.blobs, other.parameters.blobs, strict=True):
        assert_allclose(its.data, mine.data, rtol=1e-5, atol=1e-6)
        largest = max(np.abs(mine.diff).max(), 1e-3)
        assert_allclose(its.diff / largest, mine.diff / largest, atol=tolerance, err_msg=mine.name)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("exact", [True, False])
def test_gradients_are_those_of_the_exact_plan(body, exact):
    net, other, training = pair(BODIES[body], exact=exact)
    for _ in range(2):  # what the first run has left behind changes nothing
        expected, found = step(net, lambda: by_layers(net)), step(other, training.run)
        assert found == pytest.approx(expected, rel=1e-5)
        compare(net, other)


@pytest.mark.parametrize("shape", [(1, 1, 9, 11), (2, 17, 8, 8), (5, 4, 12, 7)])
def test_other_sizes(shape):
    net, other, training = pair(BODIES["residual"], shape)
    assert step(other, training.run) == pytest.approx(step(net, lambda: by_layers(net)), rel=1e-5)
    compare(net, other, 1e-4)


@pytest.mark.parametrize("body", ["plain", "residual", "concat", "pools", "dropout", "strides", "depthwise"])
def test_threads_change_nothing(body):
    found = []
    for threads in 1, 3:
        _, other, training = pair(BODIES[body], threads=threads)
        step(other, training.run)
        found.append([blob.diff.copy() for blob in other.parameters.blobs])
    for one, three in zip(*found, strict=True):
        assert_array_equal(one, three)


def test_who_looks_afterwards_sees_what_was():
    net, other, training = pair(BODIES["dropout"] + "")
    step(net, lambda: by_layers(net))
    step(other, training.run)
    for name in "a", "b":
        assert_allclose(other.blobs[name].data, net.blobs[name].data, rtol=1e-4, atol=1e-5)
    diffs = [blob.diff.copy() for blob in other.parameters.blobs]
    step(net, lambda: by_layers(net))
    step(other, training.run)
    assert_allclose(other.blobs["a"].data, net.blobs["a"].data, rtol=1e-4, atol=1e-5)  # kept now
    assert training.may_run
    assert_allclose(other.blobs["a"].diff, net.blobs["a"].diff, rtol=1e-3, atol=1e-6)
    assert not training.may_run  # a gradient was looked at: the exact plan from now on
    assert len(diffs) == len(other.parameters.blobs)


def test_layers_that_run_on_their_own_find_their_bottoms():
    net, other, training = pair(BODIES["plain"])
    step(net, lambda: by_layers(net))
    step(other, training.run)
    last = len(net.places) - 1
    assert other.forward_layers(last - 1, last) == pytest.approx(net.forward_layers(last - 1, last), rel=1e-5)


def test_a_reshaped_input_is_planned_anew():
    net, other, training = pair(BODIES["pools"])
    step(other, training.run)
    for each in net, other:
        each.blobs["x"].reshape(2, 3, 14, 13)
        each.blobs["label"].reshape(2)
        each.blobs["x"].data[...] = np.random.default_rng(2).normal(size=(2, 3, 14, 13))
    other.clock[:] = net.clock
    assert step(other, training.run) == pytest.approx(step(net, lambda: by_layers(net)), rel=1e-5)
    compare(net, other)


def test_a_test_net_runs_forward():
    net, other, training = pair(BODIES["residual"], trains=False, phase=1)
    assert training.run() == pytest.approx(net.forward_layers(), rel=1e-5)
    assert_allclose(other.blobs["d"].data, net.blobs["d"].data, rtol=1e-4, atol=1e-5)


def test_the_forward_pass_alone_leaves_gradients_as_they_are():
    net, other, training = pair(BODIES["norm"])
    step(other, training.run)
    step(net, lambda: by_layers(net))
    diffs = [blob.diff.copy() for blob in other.parameters.blobs]
    assert training.run(backward=False) == pytest.approx(net.forward_layers(), rel=1e-5)
    for blob, diff in zip(other.parameters.blobs, diffs, strict=True):
        assert_array_equal(blob.diff, diff)
    assert step(other, training.run) == pytest.approx(step(net, lambda: by_layers(net)), rel=1e-5)
    compare(net, other)


def test_it_takes_less_memory_than_the_blobs():
    body = "".join(conv(f"c{i}", f"c{i - 1}" if i else "x", 32, more="pad: 1") + relu(f"c{i}") for i in range(6)) + end(
        "c5"
    )
    net, other, training = pair(body, (8, 3, 32, 32))
    arena = training.lot[1].sizes["arena"]
    assert arena < 1.1 * sum(8 * blob.count for blob in net.blob_list)
    assert other.blob_list[2].data_store.made is None


def test_solvers_step_alike():
    solvers = []
    for debug in True, False:
        param = parse.loads(
            "base_lr: 0.05 momentum: 0.9 weight_decay: 0.001 lr_policy: 'fixed' iter_size: 2", "SolverParameter"
        )
        param.message.net_param.CopyFrom(parse.loads(inputs((4, 3, 14, 13)) + BODIES["norm"], "NetParameter").message)
        param.message.random_seed = 5
        solver = Solver(param.message, threads=1)
        solver.net.debug_info = debug  # the exact plan
        rng = np.random.default_rng(0)
        solver.net.blobs["x"].data[...] = rng.normal(size=(4, 3, 14, 13))
        solver.net.blobs["label"].data[...] = rng.integers(0, 5, 4)
        solver.step(3)
        solvers.append(solver)
    exact, packed = solvers
    assert packed.losses[-1] == pytest.approx(exact.losses[-1], rel=1e-4)
    for mine, its in zip(exact.net.parameters.blobs, packed.net.parameters.blobs, strict=True):
        assert_allclose(its.data, mine.data, rtol=1e-3, atol=1e-4)
    assert_allclose(packed.net.blobs["b"].data, exact.net.blobs["b"].data, rtol=1e-3, atol=1e-3)
