"""What tests.perf.layers times: of each layer type its parameters, the shapes of its bottoms, and the same in PyTorch.

An expression sees the bottoms as a, b, c, d, the layer's parameters as w, and F; it gives the top, or all of them.
Without one the layer is timed alone.  Sizes are those of a layer in the middle of a net, of 8 images where it has many.
"""

from dataclasses import dataclass
from typing import Any

from tests.layers import examples
from tests.layers.examples import apart, indicated, labelled, normal, positive, sequences
from tests.perf import layer_inputs as inputs


@dataclass
class Case:
    type: str
    torch: str
    text: str = ""
    shapes: tuple = ((8, 64, 56, 56),)
    inputs: Any = normal
    label: str = ""  # tells cases of one type apart
    flops: float = 0  # of forward; backward does twice as many.  0: the time goes into memory
    backward: bool = True
    same: bool = True  # whether PyTorch's numbers must be ours: not where the two draw, or store parameters, otherwise


MAP = (8, 64, 56, 56)
two, three = (MAP,) * 2, (MAP,) * 3
ROWS, LABELS = (256, 1000), (256,)
PIXELS, CLASSES = (2, 21, 120, 120), (2, 120, 120)
FILL = 'weight_filler { type: "xavier" } bias_filler { type: "gaussian" }'


def conv(text):
    return f"convolution_param {{ {text} {FILL} }}"


def lstm(D, H, T, N):
    """An LSTM in PyTorch is given the layer's parameters, but not their order."""
    return Case(
        "LSTM", "rnn(torch.nn.LSTM, a, w)", f"recurrent_param {{ num_output: {H} {FILL} }}", ((T, N, D), (T, N)),
        sequences, f"{T} times, {N} x {D} -> {H}", 8 * T * N * H * (D + H), same=False,
    )  # fmt: skip


CASES = [
    Case("AbsVal", "a.abs()"),
    Case("Accuracy", "(a.argmax(1) == b).float().mean()", shapes=(ROWS, LABELS), inputs=labelled(1000), backward=False),
    Case("ArgMax", "a.argmax(1).float()", shapes=(ROWS,), backward=False, same=False),
    Case("ArgMax", "a.argmax(1).float()", "argmax_param { axis: 1 }", (PIXELS,), label="pixels", backward=False),
    Case("ArgMax", "a.topk(5)[1].float()", "argmax_param { axis: 1 top_k: 5 }", (ROWS,), label="top 5", backward=False),
    Case("Axpy", "a[:, :, None, None] * b + c", shapes=((8, 64), MAP, MAP)),
    Case("BN", "F.batch_norm(a, None, None, w[0].flatten(), w[1].flatten(), True, 0, 1e-9)",
         "bn_param { bn_mode: LEARN }"),
    Case("BNLL", "F.softplus(a)"),
    Case("BatchNorm", "F.batch_norm(a, None, None, None, None, True, 0, 1e-5)"),
    Case("BatchNormKyle", "F.batch_norm(a, None, None, None, None, True, 0, 1e-5)"),
    Case("BatchReindex", "a[b.long()]", shapes=((8, 64, 28, 28), (16,)), inputs=labelled(8)),
    Case("Bias", "a + w[0][:, None, None]", 'bias_param { filler { type: "gaussian" } }'),
    Case("BilinearInterpolate", "F.interpolate(a, scale_factor=2, mode='bilinear')",
         "bilinear_interpolate_param { scale_factor: 2 }", ((4, 64, 28, 28),), same=False),
    Case("BoxAnnotatorOHEM", "", 'top: "z"' "box_annotator_ohem_param { roi_per_img: 128 }",
         ((600, 5), (600,), (600,), (600, 84)), examples.mined, backward=False),
    Case("CTCLoss", "F.ctc_loss(a.log_softmax(2), c.T.long(), [40] * 32, [8] * 32, 36, 'none').mean()", "",
         ((40, 32, 37), (40, 32), (8, 32)), inputs.spelled),
    Case("CenterLoss", "((a - w[0][b.long()]) ** 2).sum() / 512", "center_loss_param { num_output: 1000 }",
         ((256, 512), LABELS), labelled(1000), same=False),
    Case("Clip", "a.clamp(-0.8, 0.9)", "clip_param { min: -0.8 max: 0.9 }", inputs=apart),
    Case("Concat", "torch.cat([a, b], 1)", shapes=two),
    Case("ContinuationIndicator", "", "continuation_indicator_param { time_step: 80 batch_size: 64 }", (),
         backward=False),
    Case("ContrastiveLoss", "pairs(a, b, c)", "contrastive_loss_param { margin: 20 }",
         ((256, 512), (256, 512), LABELS), labelled(2)),
    Case("Convolution", "F.conv2d(a, *w, padding=1)", conv("num_output: 64 kernel_size: 3 pad: 1"), label="3 x 3",
         flops=2 * 8 * 64 * 64 * 9 * 56**2),
    Case("Convolution", "F.conv2d(a, *w)", conv("num_output: 256 kernel_size: 1"), label="1 x 1",
         flops=2 * 8 * 64 * 256 * 56**2),
    Case("ConvolutionDepthwise", "F.conv2d(a, *w, padding=1, groups=64)", conv("num_output: 64 kernel_size: 3 pad: 1"),
         flops=2 * 9 * 8 * 64 * 56**2),
    Case("Correlation", "", "correlation_param { kernel_size: 1 max_displacement: 20 stride_2: 2 pad: 20 }",
         ((1, 256, 32, 40),) * 2, flops=2 * 256 * 441 * 32 * 40),
    Case("Crop", "a[:, :, 3:51, 3:51].contiguous()", "crop_param { offset: 3 }", (MAP, (8, 64, 48, 48))),
    Case("CtcLoss", "", "ctc_loss_param { alphabet_size: 37 time_step: 40 blank_label: 36 }", ((40, 32, 37), (32, 8)),
         labelled(36)),
    Case("Deconvolution", "F.conv_transpose2d(a, *w, 2, 1)", conv("num_output: 64 kernel_size: 4 stride: 2 pad: 1"),
         ((4, 128, 28, 28),), label="4 x 4 / 2", flops=2 * 4 * 128 * 64 * 16 * 28**2),
    Case("Deconvolution", "F.conv_transpose2d(a, *w, 1, 1)", conv("num_output: 64 kernel_size: 3 stride: 1 pad: 1"),
         ((4, 64, 28, 28),), label="3 x 3", flops=2 * 4 * 64 * 64 * 9 * 28**2),
    Case("Deconvolution", "F.conv_transpose2d(a, *w, 2, 1, groups=21)",
         conv("num_output: 21 kernel_size: 4 stride: 2 pad: 1 group: 21"), ((4, 21, 60, 60),),
         label="channel by channel",
         flops=2 * 4 * 21 * 16 * 60**2),
    Case("DepthToSpace", "a.view(8, 28, 28, 2, 2, 64).permute(0, 1, 3, 2, 4, 5).reshape(8, 56, 56, 64)",
         "depth_to_space_param { block_size: 2 }", ((8, 28, 28, 256),)),
    Case("DepthwiseConvolution", "F.conv2d(a, *w, padding=1, groups=64)", conv("num_output: 64 kernel_size: 3 pad: 1"),
         flops=2 * 9 * 8 * 64 * 56**2),
    Case("DetectionEvaluate", "", "detection_evaluate_param { num_classes: 21 overlap_threshold: 0.5 }",
         ((1, 1, 1600, 7), (1, 1, 100, 8)), inputs.judged, backward=False),
    Case("DetectionOutput", "", "detection_output_param { num_classes: 21 nms_param { nms_threshold: 0.45 top_k: 400 } "
         "code_type: CENTER_SIZE keep_top_k: 200 confidence_threshold: 0.1 }",
         ((1, 34928), (1, 183372), (1, 2, 34928)), inputs.detected, backward=False),
    Case("Dropout", "F.dropout(a, 0.5)", same=False),
    Case("DummyData", "", "dummy_data_param { shape { dim: 8 dim: 64 dim: 56 dim: 56 } "
         'data_filler { type: "gaussian" } }', (), backward=False),
    Case("ELU", "F.elu(a, 0.7)", "elu_param { alpha: 0.7 }"),
    Case("Eltwise", "a + b", shapes=two, label="sum"),
    Case("Eltwise", "a * b", "eltwise_param { operation: PROD }", two, label="product"),
    Case("Eltwise", "torch.maximum(a, b)", "eltwise_param { operation: MAX }", two, apart, "maximum"),
    Case("Embed", "F.embedding(a.long(), w[0])", "embed_param { num_output: 512 input_dim: 8000 bias_term: false "
         'weight_filler { type: "gaussian" } }', ((20, 64),), labelled(8000)),
    Case("EuclideanLoss", "((a - b) ** 2).sum() / 16", shapes=two),
    Case("EvalDetection", "",
         "eval_detection_param { side: 13 num_class: 20 num_object: 5 biases: 1 biases: 2 biases: 2 "
         "biases: 1 biases: 1 biases: 1 biases: 3 biases: 3 biases: 4 biases: 4 nms: 0.5 }",
         ((2, 125, 13, 13), (2, 30, 5)), examples.seen(20), backward=False),
    Case("Exp", "torch.exp(a * 0.5)", "exp_param { scale: 0.5 }"),
    Case("Filter", "a[b != 0]", shapes=((64, 64, 28, 28), (64,)), inputs=inputs.chosen),
    Case("FocalLoss", "focal(a, b)", "focal_loss_param { alpha: 0.25 gamma: 2 }", (PIXELS, CLASSES), labelled(21)),
    Case("HardSigmoid", "F.hardsigmoid(a)", same=False),
    Case("HardSwish", "F.hardswish(a)", same=False),
    Case("HingeLoss", "hinge(a, b)", shapes=(ROWS, LABELS), inputs=labelled(1000)),
    Case("Im2col", "F.unfold(a, 3, padding=1)", "convolution_param { kernel_size: 3 pad: 1 }", same=False),
    Case("InfogainLoss", "-((c[b.long()].movedim(3, 1)) * a.log_softmax(1)).sum() / b.numel()", "",
         (PIXELS, CLASSES, (21, 21)), examples.informed, backward=True, same=False),
    Case("InnerProduct", "F.linear(a, *w)", f"inner_product_param {{ num_output: 1000 {FILL} }}", ((64, 1024),),
         flops=2 * 64 * 1024 * 1000),
    Case("InnerProduct", "F.linear(a, *w)", f"inner_product_param {{ num_output: 1000 {FILL} }}", ((1, 2048),),
         label="one image", flops=2 * 2048 * 1000),
    Case("Interp", "F.interpolate(a, (65, 65), mode='bilinear', align_corners=True)",
         "interp_param { height: 65 width: 65 }",
         ((4, 64, 33, 33),)),
    Case("Interp", "F.interpolate(a, (33, 33), mode='bilinear', align_corners=True)",
         "interp_param { height: 33 width: 33 }", ((4, 64, 65, 65),), label="smaller"),
    Case("L1Loss", "(a - b).abs().sum() / 8", shapes=two, inputs=apart),
    Case("LRN", "F.local_response_norm(a, 5, 1e-4)", "lrn_param { local_size: 5 alpha: 1e-4 }", label="across"),
    Case("LRN", "within(a)", "lrn_param { local_size: 3 alpha: 5e-5 norm_region: WITHIN_CHANNEL }", label="within"),
    lstm(1000, 256, 20, 16), lstm(256, 256, 20, 1), lstm(512, 512, 20, 64),
    Case("LSTMUnit", "unit(a, b, c)", 'top: "z"', ((1, 64, 512), (1, 64, 2048), (1, 64)), indicated),
    Case("LabelsequenceAccuracy", "", "", ((64, 20, 37), (64, 20)), labelled(37), backward=False),
    Case("Log", "a.log()", inputs=positive),
    Case("MVN", "F.layer_norm(a, a.shape[2:], eps=0)", "mvn_param { eps: 0 }"),
    Case("MarginInnerProduct", "F.linear(a, F.normalize(w[0]))",
         "margin_inner_product_param { num_output: 1000 type: TRIPLE "
         'weight_filler { type: "xavier" } }', ((64, 512), (64,)), labelled(1000), flops=2 * 64 * 512 * 1000,
         same=False),
    Case("MaskPooling", "a * b", "", (MAP, (8, 1, 56, 56))),
    Case("MaskResize", "", "mask_resize_param { output_height: 42 output_width: 42 }", ((64, 1, 21, 21),)),
    Case("MaxUnPool", "F.max_unpool2d(a, b.long(), 2)", "max_unpool_param { dst_h: 56 dst_w: 56 }",
         ((8, 64, 28, 28),) * 2, inputs.masked),
    Case("Mish", "F.mish(a)"),
    Case("Mul", "a * b", shapes=(MAP, (8, 64, 1, 1))),
    Case("MultiBoxLoss", "", "multibox_loss_param { num_classes: 21 mining_type: MAX_NEGATIVE }",
         ((8, 7668), (8, 40257), (1, 2, 7668), (1, 1, 32, 8)), examples.matched),
    Case("MultiStageMeanfield", "", "multi_stage_meanfield_param { num_iterations: 5 theta_alpha: 160 theta_beta: 3 "
         "theta_gamma: 3 spatial_filter_weight: 3 bilateral_filter_weight: 5 }",
         ((1, 21, 60, 60), (1, 21, 60, 60), (1, 3, 60, 60))),
    Case("MultinomialLogisticLoss", "F.nll_loss(a.log(), b.long())", shapes=(ROWS, LABELS), inputs=examples.probable),
    Case("Normalize", "w[0][:, None, None] * F.normalize(a)",
         'norm_param { across_spatial: false channel_shared: false '
         'scale_filler { type: "constant" value: 20 } }', ((4, 512, 38, 38),), label="channels"),
    Case("Normalize", "w[0] * F.normalize(a.flatten(1)).view(a.shape)", "", ((4, 512, 38, 38),), label="all"),
    Case("Normalize", "w[0] * F.normalize(a)", "", ((128, 512),), label="rows"),
    Case("PReLU", "F.prelu(a, w[0])"),
    Case("PReLU", "F.prelu(a, w[0])", shapes=((128, 4096),), label="rows"),
    Case("PSROIPooling", "", "psroi_pooling_param { output_dim: 21 group_size: 7 spatial_scale: 0.0625 }",
         ((1, 1029, 38, 50), (300, 5)), inputs.regions),
    Case("Pad", "F.pad(a, (1, 1, 1, 1))", "pad_param { pad_u: 1 pad_d: 1 pad_l: 1 pad_r: 1 }"),
    Case("Padding", "F.pad(a, (1, 1, 1, 1))", "padding_param { pad_beg: 1 pad_end: 1 }"),
    Case("Parameter", "", "parameter_param { shape { dim: 512 dim: 512 } }", ()),
    Case("Permute", "a.permute(0, 2, 3, 1).contiguous()", "permute_param { order: 0 order: 2 order: 3 order: 1 }",
         label="to NHWC"),
    Case("Permute", "a.permute(0, 2, 3, 1).contiguous()", "permute_param { order: 0 order: 2 order: 3 order: 1 }",
         ((8, 24, 38, 38),), label="of SSD"),
    Case("Permute", "a.permute(2, 0, 1).contiguous()", "permute_param { order: 2 order: 0 order: 1 }", ((64, 80, 512),),
         label="of three axes"),
    Case("PixelShuffle", "F.pixel_shuffle(a, 2)", "pixelshuffle_param { upscale_factor: 2 }"),
    Case("Pooling", "F.max_pool2d(a, 3, 2, ceil_mode=True)", "pooling_param { kernel_size: 3 stride: 2 }",
         inputs=apart, label="max"),
    Case("Pooling", "F.avg_pool2d(a, 3, 2, ceil_mode=True)", "pooling_param { pool: AVE kernel_size: 3 stride: 2 }",
         label="mean"),
    Case("Pooling", "F.adaptive_max_pool2d(a, 1)", "pooling_param { global_pooling: true }", ((8, 1024, 7, 7),), apart,
         label="global max"),
    Case("Pooling", "a.mean((2, 3), True)", "pooling_param { pool: AVE global_pooling: true }", ((8, 1024, 7, 7),),
         label="global"),
    Case("Power", "(2 * a + 0.5) ** 1.7", "power_param { power: 1.7 scale: 2 shift: 0.5 }", inputs=positive,
         label="1.7"),
    Case("Power", "2 * a + 0.5", "power_param { scale: 2 shift: 0.5 }", label="1"),
    Case("PriorBox", "", "prior_box_param { min_size: 60 max_size: 111 aspect_ratio: 2 aspect_ratio: 3 }",
         ((1, 512, 38, 38), (1, 3, 300, 300)), backward=False),
    Case("Proposal", "", "proposal_param { ratio: 0.5 ratio: 1 ratio: 2 scale: 8 scale: 16 scale: 32 }",
         ((1, 18, 38, 50), (1, 36, 38, 50), (1, 3)), inputs.proposed, backward=False),
    Case("RNN", "(rnn(torch.nn.RNN, a, w) @ w[3].T + w[4]).tanh()", f"recurrent_param {{ num_output: 256 {FILL} }}",
         ((20, 16, 256), (20, 16)), sequences, flops=2 * 20 * 16 * 256 * 768, same=False),
    Case("ROIPooling", "roi_pool(a, b)", "roi_pooling_param { pooled_h: 7 pooled_w: 7 spatial_scale: 0.0625 }",
         ((1, 256, 38, 50), (64, 5)), inputs.regions, same=False),
    Case("ROIWarping", "", "roi_warping_param { pooled_h: 14 pooled_w: 14 spatial_scale: 0.0625 }",
         ((1, 256, 38, 50), (64, 5)), inputs.regions),
    Case("ReLU", "F.relu(a)"),
    Case("ReLU", "F.leaky_relu(a, 0.1)", "relu_param { negative_slope: 0.1 }", label="leaky"),
    Case("ReLU6", "F.relu6(a)"),
    Case("Reduction", "a.sum((1, 2, 3))", "reduction_param { axis: 1 }", label="sum"),
    Case("Reduction", "(a * a).sum((1, 2, 3))", "reduction_param { operation: SUMSQ axis: 1 }", label="squares"),
    Case("RegionLoss", "", "region_loss_param { side: 13 num_class: 20 num: 5 biases: 1 biases: 2 biases: 2 biases: 1 "
         "biases: 1 biases: 1 biases: 3 biases: 3 biases: 4 biases: 4 }", ((8, 125, 13, 13), (8, 30, 5)),
         examples.seen(20)),
    Case("Reorg", "a.view(8, 16, 56, 2, 56, 2).permute(0, 3, 5, 1, 2, 4).reshape(8, 256, 28, 28)",
         "reorg_param { stride: 2 }"),
    Case("Resize", "F.interpolate(a, (56, 56), mode='bilinear')", "resize_param { height: 56 width: 56 }",
         ((4, 64, 28, 28),), same=False),
    Case("ResizeBilinear", "F.interpolate(a, (56, 56), mode='bilinear')", 'resize_bilinear_param { data_format: "NCHW" '
         "output_height: 56 output_width: 56 }", ((4, 64, 28, 28),), same=False),
    Case("ResizeNearestNeighbor", "F.interpolate(a, (56, 56))", 'resize_nearest_neighbor_param { data_format: "NCHW" '
         "output_height: 56 output_width: 56 }", ((4, 64, 28, 28),), same=False),
    Case("Reverse", "a.flip(0)", label="images"),
    Case("Reverse", "a.flip(3)", "reverse_param { axis: 3 }", label="columns"),
    Case("SPP", "torch.cat([F.adaptive_max_pool2d(a, n).flatten(1) for n in (1, 2, 4)], 1)",
         "spp_param { pyramid_height: 3 }",
         ((8, 256, 16, 16),), apart),
    Case("Scale", "w[0][:, None, None] * a + w[1][:, None, None]", 'scale_param { filler { type: "gaussian" } '
         "bias_term: true }"),
    Case("Scale", "w[0] * a + w[1]", 'scale_param { filler { type: "gaussian" } bias_term: true }', ((128, 4096),),
         label="rows"),
    Case("SegAccuracy", "", "", (PIXELS, (2, 1, 120, 120)), labelled(21), backward=False),
    Case("ShuffleChannel", "F.channel_shuffle(a, 4)", "shuffle_channel_param { group: 4 }"),
    Case("Sigmoid", "a.sigmoid()"),
    Case("SigmoidCrossEntropyLoss", "F.binary_cross_entropy_with_logits(a, b, reduction='sum') / 8", shapes=two,
         inputs=positive),
    Case("Slice", "[t.contiguous() for t in a.split(32, 1)]", 'top: "z" slice_param { axis: 1 slice_point: 32 }'),
    Case("SmoothL1Loss", "F.smooth_l1_loss(a, b, reduction='sum') / 8", shapes=two),
    Case("SmoothL1LossOHEM", "F.smooth_l1_loss(a, b, reduction='sum') / 600", shapes=((600, 84),) * 2, same=False),
    Case("Softmax", "a.softmax(1)", shapes=(ROWS,), label="rows"),
    Case("Softmax", "a.softmax(1)", shapes=(PIXELS,), label="pixels"),
    Case("SoftmaxWithLoss", "F.cross_entropy(a, b.long())", shapes=(ROWS, LABELS), inputs=labelled(1000), label="rows"),
    Case("SoftmaxWithLoss", "F.cross_entropy(a, b.long())", shapes=(PIXELS, CLASSES), inputs=labelled(21),
         label="pixels"),
    Case("SoftmaxWithLossOHEM", "F.cross_entropy(a, b.long())", shapes=((600, 21), (600,)), inputs=labelled(21)),
    Case("SpatialDropout", "F.dropout2d(a, 0.5)", same=False),
    Case("SpaceToDepth", "a.view(8, 28, 2, 28, 2, 64).permute(0, 1, 3, 2, 4, 5).reshape(8, 28, 28, 256)",
         "space_to_depth_param { block_size: 2 }", ((8, 56, 56, 64),)),
    Case("Split", "[a * 1, a * 1]", 'top: "z"'),
    Case("Stack", "torch.stack([a, b], 1)", "stack_param { axis: 1 }", two),
    Case("Swish", "F.silu(a)"),
    Case("TanH", "a.tanh()"),
    Case("Threshold", "(a > 0.4).float()", "threshold_param { threshold: 0.4 }", backward=False),
    Case("Tile", "a.repeat(1, 2, 1, 1)", "tile_param { tiles: 2 }"),
    Case("Tile", "a.repeat(1, 1, 300)", "tile_param { axis: 2 tiles: 300 }", ((8, 512, 1),), label="numbers"),
    Case("Transpose", "a.permute(0, 2, 3, 1).contiguous()", "transpose_param { dim: 0 dim: 2 dim: 3 dim: 1 }"),
    Case("Upsample", "F.interpolate(a, scale_factor=2)", "upsample_param { scale: 2 }", ((8, 64, 28, 28),)),
    Case("UpsampleDarknet", "F.interpolate(a, scale_factor=2)", "upsample_darknet_param { stride: 2 }",
         ((8, 64, 28, 28),)),
    Case("Yolov3DetectionOutput", "",
         "yolov3_detection_output_param { num_classes: 80 num_box: 3 mask_group_num: 1 mask: 0 "
         "mask: 1 mask: 2 biases: 10 biases: 13 biases: 16 biases: 30 biases: 33 biases: 23 "
         "anchors_scale: 8 confidence_threshold: 0.3 }",
         ((1, 255, 52, 52),), inputs.rare, backward=False),
    Case("Accum", "torch.cat([a, F.interpolate(b, size=(56, 56), mode='bilinear', align_corners=True)], 1)",
         shapes=(MAP, (8, 64, 28, 28))),
    Case("ChannelNorm", "a.norm(dim=1, keepdim=True)"),
    Case("Downsample", "", "downsample_param { top_height: 28 top_width: 28 }", backward=False),
    Case("Flip", "a.flip(3)"),
    Case("FlowWarp", "", shapes=((4, 3, 320, 448), (4, 2, 320, 448))),
    Case("LabelSpecificAdd", "a - 0.35 * F.one_hot(b.long(), 1000)", "label_specific_add_param { bias: -2 }",
         (ROWS, LABELS), labelled(1000), same=False),
    Case("Resample", "F.interpolate(a, size=(112, 112), mode='bilinear')", "resample_param { height: 112 width: 112 }",
         backward=False, same=False),
    Case("SpatialTransformer", "F.grid_sample(a, F.affine_grid(b.view(8, 2, 3), a.shape))",
         shapes=(MAP, (8, 6)), same=False),
    Case("TripletLoss", "F.relu(1 + (a - b).pow(2).sum(1) - (a - c).pow(2).sum(1)).mean() / 2", shapes=(ROWS,) * 3),
    Case("Add", "a + b", shapes=(MAP, (64, 1, 1)), backward=False),
    Case("Sub", "a - b", shapes=(MAP, (56,)), backward=False),
    Case("Div", "a / b", shapes=two, inputs=positive, backward=False),
    Case("Maximum", "torch.maximum(a, b)", shapes=two, backward=False),
    Case("Minimum", "torch.minimum(a, b)", shapes=two, backward=False),
    Case("ReduceSum", "a.sum(1)", "reduce_sum_param { axis: 1 }", backward=False),
    Case("ReduceSum", "a.sum(0)", "reduce_sum_param { axis: 0 }", backward=False, label="images"),
    Case("ReduceSum", "a.sum((0, 2))", "reduce_sum_param { axis: 0 axis: 2 }", backward=False, label="apart"),
    Case("ReduceMean", "a.mean((2, 3))", "reduce_mean_param { axis: 2 axis: 3 }", backward=False),
    Case("ReduceMax", "a.amax((2, 3))", "reduce_max_param { axis: 2 axis: 3 }", backward=False),
    Case("ReduceMin", "a.amin(0)", "reduce_min_param { axis: 0 }", backward=False),
    Case("ReduceProd", "a.prod(3)", "reduce_prod_param { axis: 3 }", backward=False),
    Case("StridedSlice", "a[:, 8:40, ::2].contiguous()",
         "strided_slice_param { begin: 0 begin: 8 begin: 0 end: 8 end: 40 end: 56 strides: 1 strides: 1 strides: 2 }",
         backward=False),
    Case("MatMul", "a @ b", shapes=((12, 384, 64), (12, 64, 384)), flops=2 * 12 * 384 * 384 * 64, backward=False),
    Case("LayerNorm", "F.layer_norm(a, (768,), w[0], w[1])", shapes=((384, 768),)),
    Case("GRN", "a / (1 + a.pow(2).sum(1, keepdim=True)).sqrt()"),
    Case("BatchReduction", "a.sum(1)", "batch_reduction_param { reduction_param { axis: 1 } }"),
    Case("Gather", "a[:, [2, 0, 5]]", "gather_param { indices: 2 indices: 0 indices: 5 shape: 3 axis: 1 }",
         backward=False),
    Case("LogSoftmax", "a.log_softmax(1)", shapes=(ROWS,), backward=False),
    Case("DataAugmentation", "", "augmentation_param { recompute_mean: 1000 mean_per_pixel: false }",
         ((4, 3, 320, 448),), backward=False),
]  # fmt: skip
