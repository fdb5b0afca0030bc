"""Examples of layer types of forks: examples.py has them too."""

import numpy as np

from tests.layers.examples import LARGE, SHAPE, Example, flat, labelled, normal, positive, two


def flowing(rng, shapes):
    """Images, and flows that stay within them and off the pixels."""
    (N, _, H, W), at = shapes[0], rng.uniform(0.1, 0.9, shapes[1])
    h, w = np.mgrid[:H, :W]
    to = np.stack([rng.integers(0, W - 1, (N, H, W)) - w, rng.integers(0, H - 1, (N, H, W)) - h], 1)
    return [*normal(rng, shapes[:1]), (at + to).astype(np.float32)]


def shifted(rng, shapes):
    """Maps, and small steps to the side."""
    return [*normal(rng, shapes[:1]), rng.uniform(0.02, 0.03, shapes[1]).astype(np.float32)]


FORKS = {
    "ChannelNorm": Example(large=(LARGE,)),
    "FlowWarp": Example(shapes=((2, 3, 3, 4), (2, 2, 3, 4)), large=((2, 3, 31, 37), (2, 2, 31, 37)), inputs=flowing),
    "Resample": Example("resample_param { height: 5 width: 7 }", gradient=False),
    "Downsample": Example(
        "downsample_param { top_height: 2 top_width: 3 }", shapes=((2, 3, 5, 4),), large=(LARGE,), gradient=False
    ),
    "Accum": Example(shapes=(SHAPE, (4, 2, 3, 3)), large=((3, 5, 31, 37), (3, 2, 9, 61))),
    "SpatialTransformer": Example(
        "st_param { theta_1_1: 0.61 theta_1_2: 0.07 theta_2_1: -0.05 theta_2_2: 0.57 }",
        shapes=((2, 2, 3, 3), (2, 2)),
        large=((2, 3, 31, 37), (2, 2)),
        inputs=shifted,
    ),
    "Flip": Example(),
    "TripletLoss": Example(shapes=((4, 3),) * 3, large=((700, 9),) * 3),
    "LabelSpecificAdd": Example("label_specific_add_param { bias: -0.35 }", **flat, inputs=labelled(3)),
    "Add": Example(shapes=(SHAPE, (3, 1, 2)), large=(LARGE, (5, 1, 67)), gradient=False),
    "Sub": Example(shapes=(SHAPE, (2,)), large=(LARGE, (67,)), gradient=False),
    "Div": Example(shapes=two, inputs=positive, gradient=False),
    "Maximum": Example(shapes=(SHAPE, (4, 1, 1, 1)), large=(LARGE, (3, 1, 1, 1)), gradient=False),
    "Minimum": Example(shapes=((3, 1, 1), SHAPE), large=((5, 1, 1), LARGE), gradient=False),
    "ReduceSum": Example("reduce_sum_param { axis: 1 }", gradient=False),
    "ReduceMean": Example("reduce_mean_param { axis: 2 axis: 3 }", gradient=False),
    "ReduceMax": Example("reduce_max_param { axis: 0 keepdims: true }", gradient=False),
    "ReduceMin": Example("reduce_min_param { axis: -1 }", gradient=False),
    "ReduceProd": Example("reduce_prod_param { axis: 1 axis: 3 }", gradient=False),
    "StridedSlice": Example(
        "strided_slice_param { begin: 1 begin: 2 end: 3 end: 0 strides: 1 strides: -1 }", gradient=False
    ),
    "MatMul": Example(shapes=((2, 3, 4), (2, 4, 5)), large=((3, 90, 70), (3, 70, 80)), gradient=False),
    "LayerNorm": Example(large=((19, 5, 11, 13),)),
    "GRN": Example(),
    "BatchReduction": Example("batch_reduction_param { level: 1 level: 1 level: 1 level: 1 }", large=((4, 700, 31),)),
    "Gather": Example("gather_param { indices: 2 indices: 0 shape: 2 axis: 1 }", gradient=False),
    "LogSoftmax": Example(gradient=False),
    "DataAugmentation": Example(
        "augmentation_param { mean: 1 mean: 2 mean: 3 mean_per_pixel: false }", gradient=False, large=((3, 3, 61, 67),)
    ),
}
