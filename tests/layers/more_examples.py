"""More examples of types whose parameters change the computation: "Type: what is other", each asked like the first."""

from dataclasses import replace

from tests.layers.examples import EXAMPLES, LARGE, SHAPE, XAVIER, Example, apart, labelled, positive, sequences, two

ODD = ((1, 3, 7, 5),)


def kind(name):
    """The type of a case."""
    return name.partition(":")[0]


def of(name, text, **changes):
    """The example of a type with another text."""
    return replace(EXAMPLES[name], text=text, **changes)


def convolved(text, channels=4, spatial=(7, 5), name="Convolution"):
    shape = (1, channels, *spatial)
    return of(name, f"convolution_param {{ {text} {XAVIER} }}", shapes=(shape,), large=((3, channels, *spatial),))


# STOCHASTIC: a small change of a number may choose another, so differences tell nothing
def pooled(text, **changes):
    return of("Pooling", f"pooling_param {{ {text} }}", shapes=ODD, large=((3, 5, 31, 37),), **changes)


def recurrent(name, text, shapes=((3, 2, 4), (3, 2)), **changes):
    return of(
        name,
        f"{text} recurrent_param {{ expose_hidden: true num_output: 5 {XAVIER} }}",
        shapes=shapes,
        large=shapes,
        **changes,
    )


LOSS = "loss_param {{ ignore_label: 1 normalization: {} }}".format
MORE = {
    "Accuracy: of the best two": of("Accuracy", "accuracy_param { top_k: 2 ignore_label: 1 }"),
    "Accuracy: along the last axis": Example(
        "accuracy_param { axis: -1 }", ((5, 2, 3), (5, 2)), inputs=labelled(3), gradient=False
    ),
    "ArgMax: of all, with the values": Example("argmax_param { out_max_val: true top_k: 3 }", gradient=False),
    "BatchNorm: of what was seen": Example("batch_norm_param { use_global_stats: true eps: 0.1 }"),
    "BatchNorm: with a scale and a shift": Example("batch_norm_param { scale_bias: true eps: 0.01 }"),
    "BN: of what was seen": Example("bn_param { bn_mode: INFERENCE }"),
    "BN: PSPNet's": Example("bn_param { momentum: 0.8 eps: 0.001 slope_filler { value: 1.3 } }"),
    "BN: PSPNet's, frozen": Example("bn_param { frozen: true eps: 0.1 slope_filler { value: 1.3 } }"),
    "BN: hszhao's first": Example("bn_param { moving_average: true decay: 0.2 var_eps: 0.001 }"),
    "Bias: from a bottom": Example(shapes=(SHAPE, (3, 2)), large=(LARGE, (5, 61))),
    "Bias: one number": Example('bias_param { num_axes: 0 filler { type: "gaussian" } }'),
    "Concat: along the last axis": Example("concat_param { axis: -1 }", ((2, 3, 1), (2, 3, 4), (2, 3, 2))),
    "ContrastiveLoss: legacy": of("ContrastiveLoss", "contrastive_loss_param { margin: 3 legacy_version: true }"),
    "Convolution: in groups, with steps": convolved("num_output: 6 group: 2 kernel_size: 3 stride: 2 pad: 2"),
    "Convolution: dilated, without bias": convolved(
        "num_output: 3 kernel_h: 3 kernel_w: 2 dilation: 2 pad_h: 1 bias_term: false"
    ),
    "Convolution: depthwise": convolved("num_output: 4 group: 4 kernel_size: 3 pad: 1"),
    "Convolution: sides of their own": convolved("num_output: 5 kernel_size: 3 pad_l: 2 pad_b: 1"),
    "Convolution: along one axis": convolved("num_output: 3 kernel_size: 3 stride: 2", spatial=(9,)),
    "Convolution: along three axes": convolved("num_output: 3 kernel_size: 2 pad: 1 stride: 2", spatial=(3, 4, 3)),
    "Convolution: of two bottoms": Example(
        f'top: "a" top: "b" convolution_param {{ num_output: 3 kernel_size: 2 {XAVIER} }}',
        shapes=((2, 3, 4, 5),) * 2,
    ),
    "Convolution: axis 2": Example(
        f"convolution_param {{ axis: 2 num_output: 2 kernel_size: 2 {XAVIER} }}", shapes=((2, 2, 3, 4),)
    ),
    "Deconvolution: in groups": convolved(
        "num_output: 6 group: 2 kernel_size: 4 stride: 2 pad: 1", spatial=(3, 2), name="Deconvolution"
    ),
    "Deconvolution: dilated": convolved(
        "num_output: 3 kernel_size: 2 dilation: 2 bias_term: false", spatial=(3, 2), name="Deconvolution"
    ),
    "Crop: of the last axis": Example(
        "crop_param { axis: 3 offset: 2 }", ((2, 3, 2, 5), (2, 3, 2, 3)), options=dict(wants=[True, False])
    ),
    "Dropout: unscaled": Example("dropout_param { dropout_ratio: 0.3 scale_train: false }"),
    "Eltwise: SUM by factors": Example(
        "eltwise_param { operation: SUM coeff: 0.5 coeff: -2 coeff: 1 }", shapes=(SHAPE,) * 3
    ),
    "Eltwise: MAX": Example("eltwise_param { operation: MAX }", shapes=two, inputs=apart),
    "Eltwise: MIN": Example("eltwise_param { operation: MIN }", shapes=two, inputs=apart),
    "Eltwise: DIV": Example(
        "eltwise_param { operation: DIV }",
        shapes=two,
        inputs=positive,
        gradient=False,
        options=dict(wants=[False, False]),
    ),
    "Eltwise: products by division": Example(
        "eltwise_param { operation: PROD stable_prod_grad: false }", shapes=two, inputs=positive
    ),
    "Embed: without bias": of("Embed", "embed_param { num_output: 5 input_dim: 4 bias_term: false }"),
    "Exp: of e": Example("exp_param { scale: 0.5 }"),
    "Flatten: some axes": Example("flatten_param { axis: 1 end_axis: 2 }"),
    "FocalLoss: other exponents": of(
        "FocalLoss", "focal_loss_param { gamma: 1.5 alpha: 0.6 } loss_param { ignore_label: 1 }"
    ),
    "HingeLoss: L2": of("HingeLoss", "hinge_loss_param { norm: L2 }"),
    "Im2col: dilated": Example("convolution_param { kernel_size: 2 dilation: 2 stride: 2 pad: 1 }", shapes=ODD),
    "InnerProduct: transposed": Example(
        "inner_product_param { num_output: 5 axis: 2 transpose: true bias_term: false "
        'weight_filler { type: "xavier" } }'
    ),
    "Interp: to a size, padded": Example("interp_param { height: 4 width: 3 pad_beg: -1 pad_end: -1 }", shapes=ODD),
    "LRN: within a channel": Example(
        "lrn_param { local_size: 3 alpha: 0.3 beta: 0.6 norm_region: WITHIN_CHANNEL }", shapes=ODD
    ),
    "LRN: across channels": Example("lrn_param { local_size: 5 alpha: 0.3 beta: 0.6 k: 2 }", shapes=((1, 7, 3, 1),)),
    "LSTM: states outside": recurrent(
        "LSTM",
        'top: "y" top: "h" top: "c"',
        ((3, 2, 4), (3, 2), (1, 2, 5), (1, 2, 5)),
        inputs=lambda rng, shapes: [*sequences(rng, shapes[:2]), *positive(rng, shapes[2:])],
        options=dict(wants=[True, False, True, True]),
    ),
    **{
        f"{name}: with what is the same at all times": Example(
            EXAMPLES[name].text,
            shapes=((3, 2, 4), (3, 2), (2, 3)),
            inputs=lambda rng, shapes: [*sequences(rng, shapes[:2]), *positive(rng, shapes[2:])],
            options=dict(wants=[True, False, True]),
        )
        for name in ("LSTM", "RNN")
    },
    "Log: to base 2": Example("log_param { base: 2 scale: 2 shift: 0.5 }", inputs=positive),
    "MVN: means alone, across channels": Example("mvn_param { normalize_variance: false across_channels: true }"),
    "MVN: across channels": Example("mvn_param { across_channels: true eps: 0.01 }"),
    "MultiBoxLoss: L2, LOGISTIC": of(
        "MultiBoxLoss",
        "multibox_loss_param { num_classes: 3 mining_type: NONE loc_loss_type: L2 conf_loss_type: LOGISTIC "
        "loc_weight: 0.5 code_type: CENTER_SIZE match_type: BIPARTITE }",
    ),
    "Normalize: across all, one scale": Example("norm_param { across_spatial: true channel_shared: true }"),
    "Normalize: across all, scales": Example("norm_param { across_spatial: true channel_shared: false }"),
    "PReLU: one slope": Example(
        'prelu_param { channel_shared: true filler { type: "constant" value: 0.1 } }', inputs=apart
    ),
    "Pooling: AVE, padded": pooled("pool: AVE kernel_size: 3 stride: 2 pad: 1"),
    "Pooling: of all": pooled("pool: AVE global_pooling: true"),
    "Pooling: MAX, padded": pooled("kernel_h: 3 kernel_w: 2 stride: 2 pad_h: 1 pad_w: 0"),
    "Pooling: round_mode FLOOR": pooled("kernel_size: 2 stride: 2 round_mode: FLOOR"),
    "Pooling: AVE_EXC_PAD": pooled("pool: AVE_EXC_PAD kernel_size: 3 stride: 2 pad: 1"),
    "Pooling: STOCHASTIC": pooled("pool: STOCHASTIC kernel_size: 2 stride: 2", inputs=positive, gradient=False),
    "Power: squares": Example("power_param { power: 2 scale: 0.5 shift: 0.3 }"),
    "Power: linear": Example("power_param { scale: 0.5 shift: 0.3 }"),
    "Power: constant": Example("power_param { power: 0 }"),
    "PriorBox: ratios and steps": of(
        "PriorBox",
        "prior_box_param { min_size: 4 max_size: 6 aspect_ratio: 2 flip: true clip: true step: 8 offset: 0.3 "
        "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }",
    ),
    "ReLU: plain": Example(inputs=apart),
    "Reduction: SUM of all": Example("loss_weight: 1 reduction_param { coeff: 0.5 }"),
    "Reduction: ASUM": Example("reduction_param { operation: ASUM axis: 2 coeff: -1.5 }", inputs=apart),
    "Reduction: MEAN": Example("reduction_param { operation: MEAN axis: -1 }"),
    "Reorg: reversed": Example("reorg_param { stride: 2 reverse: true }", shapes=((1, 8, 3, 1),)),
    "Reshape: some axes": Example(
        "reshape_param { axis: 1 num_axes: 2 shape { dim: 2 dim: -1 } }", large=((3, 4, 61, 67),)
    ),
    "RNN: states outside": recurrent(
        "RNN",
        'top: "y" top: "h"',
        ((3, 2, 4), (3, 2), (1, 2, 5)),
        inputs=lambda rng, shapes: [*sequences(rng, shapes[:2]), *positive(rng, shapes[2:])],
        options=dict(wants=[True, False, True]),
    ),
    "SPP: AVE": of("SPP", "spp_param { pyramid_height: 2 pool: AVE }", shapes=ODD),
    "Scale: from a bottom": Example("scale_param { axis: 0 }", shapes=(SHAPE, (4, 3)), large=(LARGE, (3, 5))),
    "Scale: one number": Example('scale_param { num_axes: 0 filler { type: "gaussian" } }'),
    "SigmoidCrossEntropyLoss: summed": Example("loss_param { normalization: NONE }", shapes=two, inputs=positive),
    "Slice: in three parts": Example(
        'top: "a" top: "b" top: "c" slice_param { axis: 0 slice_point: 1 slice_point: 2 }'
    ),
    "SmoothL1Loss: weighted": Example("smooth_l1_loss_param { sigma: 2 }", shapes=(SHAPE,) * 3, inputs=apart),
    "Softmax: of the last axis": Example("softmax_param { axis: -1 }"),
    **{
        f"SoftmaxWithLoss: {mode}": of("SoftmaxWithLoss", LOSS(mode))
        for mode in ("FULL", "VALID", "BATCH_SIZE", "NONE")
    },
    "Tile: the last axis": Example("tile_param { axis: -1 tiles: 3 }"),
}
