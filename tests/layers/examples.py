"""One example of each layer type: what test_contract.py asks its questions of."""

from dataclasses import dataclass, field

import numpy as np

SHAPE, LARGE = (4, 3, 2, 2), (3, 5, 61, 67)


def normal(rng, shapes):
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def positive(rng, shapes):
    return [rng.uniform(0.5, 1.5, shape).astype(np.float32) for shape in shapes]


def apart(rng, shapes):
    """No two numbers alike, none near 0: for layers that compare."""
    count = sum(int(np.prod(shape)) for shape in shapes)
    values = (rng.permutation(count) - count / 2 + 0.25) * (10 / max(count, 200))
    return [part.reshape(shape).astype(np.float32) for part, shape in zip(cut(values, shapes), shapes, strict=True)]


def cut(values, shapes):
    return np.split(values, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])


def labelled(classes):
    """Numbers, and in the last bottom whole ones below `classes`."""

    def inputs(rng, shapes):
        return [*normal(rng, shapes[:-1]), rng.integers(0, classes, shapes[-1]).astype(np.float32)]

    return inputs


def indicated(rng, shapes):
    """Numbers, and last whether each of them goes on with a sequence."""
    return [*normal(rng, shapes[:-1]), rng.integers(0, 2, shapes[-1]).astype(np.float32)]


def sequences(rng, shapes):
    """The same, of sequences that all begin at the first time."""
    *xs, cont = indicated(rng, shapes)
    cont[0] = 0
    return [*xs, cont]


def matched(rng, shapes):
    """Locations, confidences, priors and ground truth."""
    loc, conf, prior, gt = normal(rng, shapes)
    low = rng.uniform(0, 0.5, (prior.size // 8, 2))
    prior[0, 0], prior[0, 1] = np.concatenate([low, low + 0.4], 1).ravel(), 0.5
    gt[..., :3], gt[..., 7] = [0, 1, 0], 0
    gt[..., 3:5] = rng.uniform(0, 0.5, gt[..., 3:5].shape)
    gt[..., 5:7] = gt[..., 3:5] + 0.4
    return [loc, conf, prior, gt]


def regions(rng, shapes):
    """Maps, and regions of them."""
    *maps, rois = shapes
    low = rng.uniform(0, 2, (rois[0], 2))
    rows = np.column_stack([rng.integers(0, maps[0][0], rois[0]), low, low + rng.uniform(1, 3, (rois[0], 2))])
    return [*apart(rng, maps), rows.astype(np.float32)]


def mined(rng, shapes):
    """Regions of two images, losses, labels and weights."""
    rois, *rest = normal(rng, shapes)
    rois[:, 0] = rng.integers(0, 2, len(rois))
    return [rois, *rest]


def spelled(classes):
    """Scores, and labels below `classes`; -1 ends them."""

    def inputs(rng, shapes):
        x, label = labelled(classes)(rng, shapes)
        label[:, 1:] = -1
        return [x, label]

    return inputs


def seen(classes):
    """A map of YOLO's, and truth: class, x, y, w, h."""

    def inputs(rng, shapes):
        x, rows = normal(rng, shapes)
        rows[..., 0] = rng.integers(0, classes, rows.shape[:-1])
        rows[..., 1:] = rng.uniform(0.2, 0.8, rows[..., 1:].shape)
        return [x, rows]

    return inputs


@dataclass
class Example:
    """text: more of its LayerParameter; large: shapes that make several tasks; inputs(rng, shapes) gives arrays."""

    text: str = ""
    shapes: tuple = (SHAPE,)
    large: tuple | None = None
    inputs: object = normal
    gradient: bool = True
    options: dict = field(default_factory=dict)

    def __post_init__(self):
        self.large = self.large or tuple(LARGE if shape == SHAPE else shape for shape in self.shapes)


def probable(rng, shapes):
    """Probabilities, and labels below 3."""
    return [*positive(rng, shapes[:-1]), rng.integers(0, 3, shapes[-1]).astype(np.float32)]


def informed(rng, shapes):
    """Scores, labels below 3, and a matrix."""
    return [*labelled(3)(rng, shapes[:2]), *positive(rng, shapes[2:])]


def placed(rng, shapes):
    """Numbers, and for each a place of its own among 4."""
    places = [rng.permutation(4)[:3] for _ in range(int(np.prod(shapes[1][:2])))]
    return [*normal(rng, shapes[:1]), np.array(places, np.float32).reshape(shapes[1])]


two, three = (SHAPE,) * 2, (SHAPE,) * 3
scores = dict(shapes=((4, 3, 2), (4, 2)), large=((3, 7, 1100), (3, 1100)))
flat = dict(shapes=((4, 3), (4,)), large=((700, 9), (700,)))
XAVIER = 'weight_filler { type: "xavier" } bias_filler { type: "gaussian" }'

EXAMPLES = {
    "Accuracy": Example(**scores, inputs=labelled(3), gradient=False),
    "AbsVal": Example(inputs=apart),
    "ArgMax": Example("argmax_param { axis: 1 top_k: 2 }", gradient=False),
    "BNLL": Example(),
    "BatchNorm": Example(),
    "BatchReindex": Example(shapes=((4, 3, 2), (5,)), large=((4, 3, 900), (5,)), inputs=labelled(4)),
    "BatchNormKyle": Example(),
    "Bias": Example(),
    "BilinearInterpolate": Example("bilinear_interpolate_param { scale_factor: 2 }"),
    "Clip": Example("clip_param { min: -0.8 max: 0.9 }", inputs=apart),
    "Concat": Example(shapes=((4, 3, 2), (4, 5, 2)), large=((4, 3, 2000), (4, 5, 2000))),
    "Dropout": Example(),
    "ELU": Example("elu_param { alpha: 0.7 }", inputs=apart),
    "ContrastiveLoss": Example(
        "contrastive_loss_param { margin: 3 }", shapes=((5, 3), (5, 3), (5,)), inputs=labelled(2)
    ),
    "Convolution": Example(
        f"convolution_param {{ num_output: 4 kernel_size: 3 pad: 1 {XAVIER} }}",
        shapes=((2, 3, 5, 4),),
        large=((2, 9, 37, 41),),
    ),
    "Crop": Example(
        "crop_param { offset: 1 }",
        shapes=((2, 3, 5, 4), (2, 3, 2, 3)),
        large=(LARGE, (3, 5, 50, 60)),
        options=dict(wants=[True, False]),
    ),
    "Deconvolution": Example(
        f"convolution_param {{ num_output: 4 kernel_size: 3 stride: 2 {XAVIER} }}",
        shapes=((2, 3, 3, 4),),
        large=((2, 9, 23, 21),),
    ),
    "DummyData": Example(
        'dummy_data_param { shape { dim: 3 dim: 5 } data_filler { type: "gaussian" } }', shapes=(), gradient=False
    ),
    "Eltwise": Example("eltwise_param { operation: PROD }", shapes=three),
    "Embed": Example(f"embed_param {{ num_output: 5 input_dim: 4 {XAVIER} }}", shapes=((3, 2),), inputs=labelled(4)),
    "EuclideanLoss": Example(shapes=two),
    "Exp": Example("exp_param { base: 2 scale: 0.5 shift: 0.3 }"),
    "Flatten": Example(),
    "Input": Example("input_param { shape { dim: 3 dim: 5 } }", shapes=(), gradient=False),
    "HardSigmoid": Example(inputs=apart),
    "HardSwish": Example(inputs=apart),
    "HingeLoss": Example(**flat, inputs=labelled(3)),
    "Im2col": Example("convolution_param { kernel_size: 2 }"),
    "InfogainLoss": Example(
        shapes=((4, 3, 2), (4, 2), (3, 3)), large=((3, 7, 1100), (3, 1100), (7, 7)), inputs=informed
    ),
    "InnerProduct": Example(f"inner_product_param {{ num_output: 5 {XAVIER} }}", large=((37, 3, 10, 9),)),
    "Interp": Example("interp_param { zoom_factor: 2 }"),
    "LRN": Example("lrn_param { local_size: 3 }"),
    "Log": Example("log_param { scale: 2 shift: 0.5 }", inputs=positive),
    "MVN": Example(),
    "MaxUnPool": Example("max_unpool_param { dst_h: 2 dst_w: 2 }", shapes=((4, 3, 1, 3),) * 2, inputs=placed),
    "MultinomialLogisticLoss": Example(**flat, inputs=probable),
    "Normalize": Example("norm_param { across_spatial: false channel_shared: false }"),
    "PReLU": Example(inputs=apart),
    "Pad": Example("pad_param { pad_u: 1 pad_r: 2 }"),
    "Parameter": Example("parameter_param { shape { dim: 3 dim: 5 } }", shapes=()),
    "Permute": Example("permute_param { order: 0 order: 2 order: 1 }"),
    "PixelShuffle": Example(
        "pixelshuffle_param { upscale_factor: 2 }", shapes=((2, 8, 3, 2),), large=((2, 8, 33, 31),)
    ),
    "Pooling": Example(
        "pooling_param { kernel_size: 2 stride: 2 }", shapes=((2, 3, 5, 4),), large=(LARGE,), inputs=apart
    ),
    "Power": Example("power_param { power: 1.7 scale: 2 shift: 0.5 }", inputs=positive),
    "PriorBox": Example("prior_box_param { min_size: 4 }", shapes=((1, 2, 3, 4), (1, 3, 30, 40)), gradient=False),
    "ReLU": Example("relu_param { negative_slope: 0.1 }", inputs=apart),
    "ReLU6": Example("relu6_param { n: 3 }", inputs=apart),
    "Reduction": Example("reduction_param { operation: SUMSQ axis: 1 }"),
    "Reshape": Example("reshape_param { shape { dim: 0 dim: -1 } }"),
    "Resize": Example("resize_param { height: 5 width: 3 }"),
    "Scale": Example('scale_param { filler { type: "gaussian" } bias_term: true }'),
    "ShuffleChannel": Example("shuffle_channel_param { group: 3 }", large=((3, 6, 61, 67),)),
    "Sigmoid": Example(),
    "SigmoidCrossEntropyLoss": Example(shapes=two, inputs=positive),
    "Silence": Example(shapes=two),
    "Slice": Example('top: "a" top: "b" slice_param { axis: 1 slice_point: 1 }'),
    "SmoothL1Loss": Example(shapes=two, inputs=apart),
    "Softmax": Example(),
    "SoftmaxWithLoss": Example(**scores, inputs=labelled(3)),
    "Split": Example('top: "a" top: "b" top: "c"'),
    "Squeeze": Example(shapes=((4, 1, 3),), large=((40, 1, 300),)),
    "Swish": Example("swish_param { beta: 1.5 }"),
    "TanH": Example(),
    "Tile": Example("tile_param { tiles: 2 }"),
    "Threshold": Example("threshold_param { threshold: 0.4 }", gradient=False),
    "ConvolutionDepthwise": Example(
        f"convolution_param {{ num_output: 6 kernel_size: 3 pad: 1 {XAVIER} }}",
        shapes=((2, 3, 5, 4),),
        large=((9, 3, 37, 41),),
    ),
    "DepthwiseConvolution": Example(
        f"convolution_param {{ num_output: 3 kernel_size: 2 {XAVIER} }}",
        shapes=((2, 3, 5, 4),),
        large=((9, 3, 37, 41),),
    ),
    "Unsqueeze": Example("unsqueeze_param { dim: 1 }"),
    "Upsample": Example("upsample_param { scale: 2 }"),
    "LSTM": Example(
        f"recurrent_param {{ num_output: 5 {XAVIER} }}",
        shapes=((3, 2, 4), (3, 2)),
        large=((7, 19, 40), (7, 19)),
        inputs=sequences,
    ),
    "LSTMUnit": Example(
        shapes=((1, 3, 4), (1, 3, 16), (1, 3)), large=((1, 70, 90), (1, 70, 360), (1, 70)), inputs=indicated
    ),
    "RNN": Example(
        f"recurrent_param {{ num_output: 5 {XAVIER} }}",
        shapes=((3, 2, 4), (3, 2)),
        large=((7, 19, 40), (7, 19)),
        inputs=sequences,
    ),
    "SPP": Example("spp_param { pyramid_height: 2 }", shapes=((2, 3, 5, 4),), large=(LARGE,), inputs=apart),
    "MultiBoxLoss": Example(
        "multibox_loss_param { num_classes: 3 mining_type: NONE }",
        shapes=((2, 20), (2, 15), (1, 2, 20), (1, 1, 2, 8)),
        large=((3, 2000), (3, 1500), (1, 2, 2000), (1, 1, 9, 8)),
        inputs=matched,
    ),
    "BN": Example("bn_param { bn_mode: LEARN }"),
    "PSROIPooling": Example(
        "psroi_pooling_param { output_dim: 2 group_size: 2 spatial_scale: 1 }",
        shapes=((2, 8, 5, 4), (3, 5)),
        large=((3, 8, 31, 37), (40, 5)),
        inputs=regions,
    ),
    "ROIPooling": Example(
        "roi_pooling_param { pooled_h: 2 pooled_w: 3 }",
        shapes=((2, 3, 5, 4), (3, 5)),
        large=((3, 7, 31, 37), (40, 5)),
        inputs=regions,
    ),
    "BoxAnnotatorOHEM": Example(
        "box_annotator_ohem_param { roi_per_img: 2 }",
        shapes=((6, 5), (6,), (6,), (6, 4)),
        inputs=mined,
        gradient=False,
    ),
    "SmoothL1LossOHEM": Example(shapes=two, inputs=apart),
    "SoftmaxWithLossOHEM": Example(**scores, inputs=labelled(3)),
    "SpatialDropout": Example(),
    "Axpy": Example(shapes=((4, 3, 1, 1), SHAPE, SHAPE), large=((3, 5, 1, 1), LARGE, LARGE)),
    "CenterLoss": Example(
        "center_loss_param { num_output: 4 }",
        shapes=((5, 3), (5,)),
        large=((90, 70), (90,)),
        inputs=labelled(4),
        gradient=False,
    ),
    "ContinuationIndicator": Example(
        "continuation_indicator_param { time_step: 3 batch_size: 2 }", shapes=(), gradient=False
    ),
    "FocalLoss": Example(**scores, inputs=labelled(3)),
    "L1Loss": Example(shapes=two, inputs=apart),
    "Mish": Example(),
    "Mul": Example(shapes=(SHAPE, (4, 3, 1, 1)), large=(LARGE, (3, 5, 1, 1))),
    "Reorg": Example("reorg_param { stride: 2 }", shapes=((2, 4, 4, 2),), large=((3, 8, 60, 66),)),
    "UpsampleDarknet": Example("upsample_darknet_param { stride: 2 }"),
    "CTCLoss": Example(shapes=((2, 3, 4), (2, 2)), large=((5, 7, 30), (5, 9)), inputs=spelled(2)),
    "CtcLoss": Example(
        "ctc_loss_param { alphabet_size: 3 time_step: 4 blank_label: 2 }",
        shapes=((4, 2, 3), (2, 2)),
        inputs=labelled(2),
        gradient=False,
    ),
    "MarginInnerProduct": Example(
        f"margin_inner_product_param {{ num_output: 4 type: TRIPLE {XAVIER.split(' bias')[0]} }}",
        shapes=((5, 3), (5,)),
        large=((90, 70), (90,)),
        inputs=labelled(4),
        gradient=False,
    ),
    "EvalDetection": Example(
        "eval_detection_param { side: 3 num_class: 2 num_object: 1 biases: 1 biases: 2 nms: 0.5 }",
        shapes=((2, 7, 3, 3), (2, 4, 5)),
        inputs=seen(2),
        gradient=False,
    ),
    "RegionLoss": Example(
        "region_loss_param { side: 3 num_class: 2 num: 1 biases: 1 biases: 2 }",
        shapes=((2, 7, 3, 3), (2, 4, 5)),
        inputs=seen(2),
        gradient=False,
    ),
    "SegAccuracy": Example(shapes=((2, 3, 2, 2), (2, 1, 2, 2)), inputs=labelled(3), gradient=False),
    "MultiStageMeanfield": Example(
        "multi_stage_meanfield_param { num_iterations: 2 theta_alpha: 3 theta_beta: 2 theta_gamma: 1 "
        "spatial_filter_weight: 0.6 bilateral_filter_weight: 0.4 }",
        shapes=((2, 3, 3, 4),) * 3,
    ),
    "LabelsequenceAccuracy": Example(shapes=((3, 5, 4), (3, 2)), inputs=labelled(4), gradient=False),
    "ResizeBilinear": Example('resize_bilinear_param { data_format: "NCHW" scale_height: 2 output_width: 3 }'),
    "ResizeNearestNeighbor": Example("resize_nearest_neighbor_param { output_height: 3 scale_width: 2 }"),
    "Reverse": Example("reverse_param { axis: 1 axis: 2 }"),
    "Transpose": Example("transpose_param { dim: 1 dim: 0 dim: 3 dim: 2 }"),
    "Correlation": Example(
        "correlation_param { kernel_size: 1 max_displacement: 1 pad: 1 }",
        shapes=((2, 3, 4, 3),) * 2,
        large=((3, 3, 14, 17),) * 2,
    ),
    "DepthToSpace": Example("depth_to_space_param { block_size: 2 }", shapes=((2, 3, 2, 8),), large=((2, 31, 33, 8),)),
    "SpaceToDepth": Example("space_to_depth_param { block_size: 2 }", shapes=((2, 4, 2, 3),), large=((2, 62, 34, 5),)),
    "Stack": Example("stack_param { axis: 1 }", shapes=three),
    "MaskPooling": Example(shapes=(SHAPE, (4, 1, 2, 2)), large=(LARGE, (3, 1, 61, 67))),
    "MaskResize": Example("mask_resize_param { output_height: 3 output_width: 2 }"),
    "ROIWarping": Example(
        "roi_warping_param { pooled_h: 2 pooled_w: 3 }",
        shapes=((2, 3, 5, 4), (3, 5)),
        large=((3, 7, 31, 37), (40, 5)),
        inputs=regions,
    ),
    "Padding": Example("padding_param { pad_beg: -1 pad_end: 2 }"),
}

from tests.layers.fork_examples import FORKS  # noqa: E402, it is made of what stands here

EXAMPLES |= FORKS
