"""An affine inside the linear layer behind it or before it: equal to rounding, or declined with the reason."""

import pytest

from tests.passes.tools import assert_same, bn, conv, data, folded, ip, known, layer, reasons, scale, types

SHAPE = 2, 3, 9, 8
BN = bn("b", "c") + scale("s", "c")


def deconv(name, bottom, n, rest):
    return layer(name, "Deconvolution", bottom, name, f"convolution_param {{ num_output: {n} {rest} }}")


BEHIND = {
    "a convolution": conv("c", "data"),
    "one without bias": conv("c", "data", rest="kernel_size: 3 bias_term: false"),
    "one with padding": conv("c", "data", rest="kernel_size: 3 pad: 1"),
    "a grouped one": conv("a", "data", "a", 4) + conv("c", "a", n=6, rest="kernel_size: 3 group: 2"),
    "a depthwise one": conv("c", "data", n=3, rest="kernel_size: 3 group: 3 bias_term: false"),
    "a convolution that says depthwise": layer(
        "c", "ConvolutionDepthwise", "data", "c", "convolution_param { num_output: 6 kernel_size: 3 }"
    ),
    "a deconvolution": deconv("c", "data", 4, "kernel_size: 4 stride: 2 pad: 1"),
    "a grouped deconvolution": conv("a", "data", n=4) + deconv("c", "a", 6, "kernel_size: 3 stride: 2 group: 2"),
    "a depthwise deconvolution": deconv("c", "data", 6, "kernel_size: 2 stride: 2 group: 3 bias_term: false"),
    "an inner product": ip("c", "data"),
    "one without bias that is transposed": ip("c", "data", rest="transpose: true bias_term: false"),
}
BEFORE = {
    "a convolution": conv("y", "c"),
    "one with a stride": conv("y", "c", rest="kernel_size: 1 stride: 2 bias_term: false"),
    "a grouped one": conv("y", "c", n=6, rest="kernel_size: 3 group: 3"),
    "one that says depthwise": layer(
        "y", "DepthwiseConvolution", "c", "y", "convolution_param { num_output: 6 kernel_size: 3 bias_term: false }"
    ),
    "an inner product": ip("y", "c"),
    "one that is transposed": ip("y", "c", rest="transpose: true bias_term: false"),
    "one that sums over images": ip("y", "c", rest="axis: 0"),
    "a deconvolution of single taps": deconv("y", "c", 4, "kernel_size: 1"),
    "a grouped deconvolution of single taps": deconv("y", "c", 6, "kernel_size: 1 group: 3 bias_term: false"),
}
PREACT = bn("b", "data", "c") + scale("s", "c")


@pytest.mark.parametrize("text", BEHIND.values(), ids=BEHIND)
def test_is_absorbed_behind(text, rng):
    known(text)
    before, after, journal = folded(data(*SHAPE) + text + BN, rng)
    assert types(after) == [kind for kind in types(before) if kind not in ("BatchNorm", "Scale")]
    assert after.nodes[-1].spec.bias_term
    assert len(after.nodes[-1].blobs) == 2
    assert not journal.left
    assert_same(before, after)


@pytest.mark.parametrize("text", BEFORE.values(), ids=BEFORE)
def test_is_absorbed_before(text, rng):
    known(text)
    before, after, _ = folded(data(*SHAPE) + PREACT + text, rng)
    assert types(after) == [types(before)[-1]]
    assert after.nodes[-1].spec.bias_term
    assert_same(before, after)


@pytest.mark.parametrize(
    "text", [conv("y", "s", rest="kernel_size: 3 pad: 1"), deconv("y", "s", 4, "kernel_size: 3 stride: 2")]
)
def test_what_only_scales_is_absorbed_before_padding_too(text, rng):
    known(text)
    before, after, _ = folded(data(*SHAPE) + scale("s", "data", "s", "") + text, rng)
    assert len(types(after)) == 1
    assert_same(before, after)


def test_no_bias_appears_where_none_is_needed(rng):
    text = conv("c", "data", rest="kernel_size: 3 bias_term: false") + scale("s", "c", "c", "")
    before, after, _ = folded(data(*SHAPE) + text, rng)
    assert len(after.nodes[-1].blobs) == 1
    assert not after.nodes[-1].spec.bias_term
    assert_same(before, after)


def test_the_layer_of_the_graph_before_is_not_changed(rng):
    before, after, _ = folded(data(*SHAPE) + conv("c", "data", rest="kernel_size: 3 bias_term: false") + BN, rng)
    assert not before.nodes[1].spec.bias_term
    assert after.nodes[1].spec.bias_term
    assert len(before.nodes[1].blobs) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            PREACT + conv("y", "c", rest="kernel_size: 3 pad: 1"),
            "pads with zeros, which the shift would have to move too",
        ),
        (PREACT + conv("y", "c", rest="kernel_size: 3 pad_h: 1 pad_w: 0"), "Convolution y pads with zeros"),
        (PREACT + conv("y", "c", rest="kernel_size: 1 pad_type: 1"), "Convolution y pads with zeros"),
        (PREACT + deconv("y", "c", 4, "kernel_size: 3 stride: 2"), "Deconvolution y would spread the shift unevenly"),
        (PREACT + ip("y", "c", rest="axis: 2"), "InnerProduct y sums along axis 2 and later only"),
        (
            ip("c", "data", rest="axis: 2") + BN,
            "the outputs of InnerProduct c lie along axis 2, not along the channels",
        ),
        (conv("c", "data data", "c z") + BN, "Convolution c makes several tops"),
        (PREACT + conv("y", "c data", "y z"), "uses its weights for 2 bottoms"),
        (layer("c", "Softmax", "data", "c") + BN, "Softmax c stands between"),
        (PREACT, "Input data stands between"),
    ],
)
def test_is_declined(text, why, rng):
    known(text)
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert why in reasons(journal), reasons(journal)
    assert types(after).count("Scale") == 1
    assert "BatchNorm" not in types(after)
    assert_same(before, after)


def test_a_convolution_with_a_relu_in_it_absorbs_what_comes_before(rng):
    text = conv("c", "data", rest="kernel_size: 3 relu: true")
    before, after, journal = folded(data(*SHAPE) + text + BN, rng)
    assert "what relu does in Convolution c is not known here" in reasons(journal)
    assert types(after) == ["Convolution", "Scale"]
    assert_same(before, after)
    before, after, _ = folded(data(*SHAPE) + PREACT + conv("y", "c", rest="kernel_size: 3 relu: true"), rng)
    assert types(after) == ["Convolution"]
    assert_same(before, after)


@pytest.mark.parametrize("text", [conv("c", "data") + BN, PREACT + conv("y", "c")])
def test_shared_weights_are_left_alone(text, rng):
    from protonet.passes import run
    from tests.passes.tools import made

    graph = made(data(*SHAPE) + text, rng)
    next(node for node in graph.nodes if node.type == "Convolution").shares = {0: "w"}
    journal = run(graph)
    assert "are shared with another layer" in reasons(journal)
    assert sorted(types(graph)) == ["Convolution", "Scale"]


def test_weights_that_would_overflow_are_left_alone(rng):
    from protonet.passes import run
    from tests.passes.tools import made

    graph = made(data(*SHAPE) + conv("c", "data") + scale("s", "c"), rng)
    graph.nodes[1].blobs[0][:] = 1e30
    graph.nodes[2].blobs[0][:] = 1e30
    assert "would no longer be finite" in reasons(run(graph))
    assert types(graph) == ["Convolution", "Scale"]
