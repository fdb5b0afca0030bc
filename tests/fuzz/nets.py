"""Small nets drawn at random, layers that fold and fuse among them, and whether two results are one."""

import numpy as np
from hypothesis import strategies as st

from protonet.errors import ProtonetError
from protonet.proto import caffe_pb2
from protonet.prototxt import parse
from tests.fuzz import draw as drawing

FILL = "weight_filler { type: 'msra' } bias_filler { type: 'gaussian' std: 0.1 }"
SPREAD = "filler { type: 'gaussian' mean: 1 std: 0.3 }"
WINDOW = ["kernel_size: 1", "kernel_size: 3 pad: 1", "kernel_size: 3 stride: 2", "kernel_size: 2 stride: 2"]
WINDOW += ["kernel_size: 5 pad: 2 stride: 2", "kernel_h: 1 kernel_w: 3", "kernel_size: 3 pad: 1 stride: 1"]
CONV = [*WINDOW, "kernel_size: 3 dilation: 2 pad: 2", "kernel_size: 3 pad: 1 bias_term: false"]
CONV += ["kernel_size: 1", "kernel_size: 1 pad: 1", "kernel_size: 7 pad: 3", "kernel_size: 3 dilation: 5 pad: 5"]
CHANNELS = [1, 2, 3, 4, 8, 16, 17, 24, 32, 64, 128]
POINTWISE = {  # layers of one bottom that may work in place, and what they may say
    "ReLU": ["", "relu_param { negative_slope: 0.1 }"],
    "BatchNorm": ["", "batch_norm_param { use_global_stats: true }"],
    "Scale": [f"scale_param {{ {SPREAD} }}", f"scale_param {{ {SPREAD} bias_term: true }}"],
    "Bias": ["bias_param { filler { type: 'gaussian' std: 1 } }"], "Dropout": [""], "PReLU": [""], "Sigmoid": [""],
    "TanH": [""], "ELU": [""], "Power": ["power_param { scale: 0.5 shift: 1 }", "power_param { power: 2 }"],
    "ReLU6": [""], "Swish": [""], "HardSwish": [""], "Clip": ["clip_param { min: -1 max: 1 }"], "Split": [""],
}  # fmt: skip
SHAPED = {
    "LRN": ["lrn_param { local_size: 3 alpha: 0.1 }", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }"],
    "Softmax": ["", "softmax_param { axis: 2 }"], "Flatten": [""], "MVN": [""], "AbsVal": [""], "BNLL": [""],
    "Reshape": ["reshape_param { shape { dim: 0 dim: -1 dim: 1 } }",
                "reshape_param { shape { dim: 0 dim: 0 dim: -1 } }"],
    "Permute": ["permute_param { order: 0 order: 2 order: 3 order: 1 }"], "Tile": ["tile_param { tiles: 2 }"],
    "ShuffleChannel": ["shuffle_channel_param { group: 2 }"], "Interp": ["interp_param { zoom_factor: 2 }"],
    "Upsample": ["upsample_param { scale: 2 }"], "Reduction": ["reduction_param { operation: MEAN axis: 1 }"],
    "Normalize": ["norm_param { across_spatial: false channel_shared: false }"], "Exp": ["exp_param { scale: 0.1 }"],
}  # fmt: skip
PAIRED = {
    "Eltwise": [f"eltwise_param {{ operation: {each} }}" for each in ("SUM", "MAX", "PROD")]
    + ["eltwise_param { operation: SUM coeff: 0.5 coeff: -1 }"],
    "Concat": ["", "concat_param { axis: 2 }"], "Scale": [""], "Bias": [""], "Crop": ["crop_param { axis: 2 }"],
}  # fmt: skip


def weighted(draw):
    """A layer with weights: its type and what it says."""
    kind = draw(st.sampled_from(["Convolution", "Convolution", "Convolution", "Deconvolution", "InnerProduct"]))
    n = draw(st.sampled_from(CHANNELS))
    if kind == "InnerProduct":
        return kind, f"inner_product_param {{ num_output: {n} {FILL} }}"
    group = draw(st.sampled_from(["", "", "", f"group: {n}", "group: 2"]))
    return kind, f"convolution_param {{ num_output: {n} {draw(st.sampled_from(CONV))} {group} {FILL} }}"


def one(draw, i, blobs):
    """A layer's text; the blobs it makes are added."""
    near = st.sampled_from(blobs[-2:]) | st.sampled_from(blobs)
    what = draw(st.sampled_from(["weighted", "pointwise", "pointwise", "pool", "shaped", "paired", "slice"]))
    bottoms, top, spec = [draw(near)], f"b{i}", ""
    if what == "weighted":
        kind, spec = weighted(draw)
    elif what == "pool":
        kind, method = "Pooling", draw(st.sampled_from(["MAX", "AVE"]))
        extra = draw(st.sampled_from([*WINDOW, "global_pooling: true"]))
        spec = f"pooling_param {{ pool: {method} {extra} }}"
    elif what == "slice":
        spec = f"slice_param {{ axis: {draw(st.sampled_from([1, 1, 1, 0, 2]))} }}"
        return f"layer {{ name: 'l{i}' type: 'Slice' bottom: '{bottoms[0]}' top: '{top}' top: '{top}x' {spec} }}\n", [
            top,
            f"{top}x",
        ]
    else:
        menu = {"pointwise": POINTWISE, "shaped": SHAPED, "paired": PAIRED}[what]
        kind = draw(st.sampled_from(sorted(menu)))
        spec = draw(st.sampled_from(menu[kind]))
        if what == "paired":
            bottoms.append(draw(st.sampled_from(blobs)))
        elif what == "pointwise" and kind != "Split" and draw(st.booleans()) and bottoms[0] != "x":
            top = bottoms[0]
    read = " ".join(f"bottom: '{each}'" for each in bottoms)
    return f"layer {{ name: 'l{i}' type: '{kind}' {read} top: '{top}' {spec} }}\n", [top]


@st.composite
def chains(draw, most=7, changes=True):
    """A NetParameter with an input x; with `changes`, some of its layers are varied."""
    shape = [
        draw(st.sampled_from(sizes))
        for sizes in ([1, 2, 3], [1, 2, 3, 4, 8, 16, 17, 32], [5, 6, 7, 9, 12], [5, 6, 8, 11])
    ]
    dims = " ".join(f"dim: {n}" for n in shape)
    text, blobs = f"layer {{ name: 'in' type: 'Input' top: 'x' input_param {{ shape {{ {dims} }} }} }}\n", ["x"]
    for i in range(draw(st.integers(1, most))):
        more, made = one(draw, i, blobs)
        text += more
        blobs += [name for name in made if name not in blobs]
    net = parse.loads(text).message
    for layer in list(net.layer)[1:] if changes else ():
        if not draw(st.integers(0, 5)):
            change(draw, layer)
    return net


def change(draw, layer):
    """Another parameter, or none, or other bottoms."""
    specs = [value for field, value in layer.ListFields() if field.name.endswith("_param")]
    if specs:
        drawing.vary(draw, specs[0], 1, drawing.TAME, most=2)


def input_of(net, shape):
    """The net with another shape of its input."""
    made = caffe_pb2.NetParameter()
    made.CopyFrom(net)
    del made.layer[0].input_param.shape[0].dim[:]
    made.layer[0].input_param.shape[0].dim.extend(shape)
    return made


def attempt(function):
    """(result, None) or (None, the ProtonetError)."""
    try:
        return function(), None
    except ProtonetError as error:
        return None, error


def apart(a, b):
    """How far two arrays are from each other, of the first one's largest; 0 where it is not finite."""
    assert a.shape == b.shape, f"shapes {a.shape} and {b.shape}"
    if not a.size or not np.isfinite(a).all():
        return 0.0
    with np.errstate(all="ignore"):
        worst = np.abs(a.astype(np.float64) - b).max() / max(np.abs(a).max(), 1e-20)
    return np.inf if np.isnan(worst) else float(worst)


def shaken(array, rng):
    """What rounding alone may have made of it."""
    return (array * (1 + 3e-6 * rng.uniform(-1, 1, array.shape))).astype(np.float32)


def same(expected, found, again, tolerance=1e-4):
    """Refuse results {name: array} that differ by more than the same net's do when its numbers are shaken.

    again(): the expected ones, from numbers that were."""
    worst = {name: apart(array, found[name]) for name, array in expected.items()}
    bad = {name for name, each in worst.items() if not each <= tolerance}
    for _ in range(3):
        if bad:
            other = again()
            bad = {name for name in bad if not worst[name] <= 30 * apart(expected[name], other[name])}
    assert not bad, f"differ: { {name: worst[name] for name in sorted(bad)} }"
