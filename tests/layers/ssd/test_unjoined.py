"""Maps of boxes that are not joined, against the joined bottoms of which they were made."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.layers.ssd.unjoined import Unjoined
from protonet.proto import caffe_pb2
from tests.layers.test_detection_output import made

N, CLASSES = 2, 3
MAPS = (2, 3, 4), (3, 1, 2)  # ratios, height, width


def made_of(rng):
    """By map: loc (N, ratios, HW, 4), conf (N, ratios, HW, classes), priors (2, HW, ratios, 4) in SSD's order."""
    for r, h, w in MAPS:
        low = rng.uniform(0, 0.5, (h * w, r, 2))
        boxes = np.concatenate([low, low + 0.4], -1)
        variances = np.broadcast_to([0.1, 0.1, 0.2, 0.2], boxes.shape)
        loc, conf = rng.normal(size=(N, r, h * w, 4)), rng.uniform(size=(N, r, h * w, CLASSES))
        yield loc.astype("f"), conf.astype("f"), np.stack([boxes, variances]).astype("f")


def joined(parts):
    """SSD's three bottoms: boxes by place, then by ratio."""
    loc = np.concatenate([x.swapaxes(1, 2).reshape(N, -1) for x, _, _ in parts], 1)
    conf = np.concatenate([x.swapaxes(1, 2).reshape(N, -1) for _, x, _ in parts], 1)
    return loc, conf, np.concatenate([x.reshape(1, 2, -1) for _, _, x in parts], 2)


def found(text, bottoms):
    it = made(f"num_classes: {CLASSES} code_type: CENTER_SIZE confidence_threshold: 0.3 {text}", len(bottoms))
    assert it.infer(*(x.shape for x in bottoms)) == [(1, 1, 1, 7)]
    (y,) = it.compute(*(np.ascontiguousarray(x, np.float32) for x in bottoms))
    return y[0, 0]


def sorted_rows(y):
    return y[np.lexsort(y.T)]


@pytest.mark.parametrize("kind", ["plain", "no_permute", "ratio_permute"])
def test_finds_what_joined_maps_say(kind, rng):
    parts = list(made_of(rng))
    loc, conf, prior = joined(parts)
    if kind == "plain":
        confs = [x.swapaxes(1, 2).reshape(N, -1) for _, x, _ in parts]
        locs, text = [x.swapaxes(1, 2).reshape(N, -1) for x, _, _ in parts], ""
    elif kind == "no_permute":
        confs, text = [x.transpose(0, 3, 1, 2) for _, x, _ in parts], "no_permute: true"
        locs = [x.swapaxes(2, 3).reshape(N, 4 * r, h, w) for (x, _, _), (r, h, w) in zip(parts, MAPS, strict=True)]
    else:
        confs, text = [x.reshape(N, -1, CLASSES).swapaxes(1, 2).reshape(N, -1) for _, x, _ in parts], ""
        locs = [x.reshape(N, -1, 4).swapaxes(1, 2).reshape(N, -1) for x, _, _ in parts]
        text = "ratio_permute: true ratio0: 2 ratio1: 3"
    y = found(f"nbottom: 2 {text}", [*confs, *locs, prior])
    assert_allclose(sorted_rows(y), sorted_rows(found("", [loc, conf, prior])), rtol=1e-6)
    assert len(y) > 3


def test_priors_of_each_map_are_joined(rng):
    parts = list(made_of(rng))
    _, _, prior = joined(parts)
    spec = caffe_pb2.DetectionOutputParameter(num_classes=CLASSES, nbottom=2)
    locs, confs = ([np.zeros((N, n * k)) for n in (24, 6)] for k in (4, CLASSES))
    each = [x.reshape(1, 2, -1) for _, _, x in parts]
    assert_array_equal(Unjoined(spec, 6, 1).join(*confs, *locs, *each)[2], prior)
    spec.ratio_permute = True
    turned = [x.reshape(1, 2, -1, 4).swapaxes(2, 3).reshape(1, 2, -1) for x in each]
    assert_array_equal(Unjoined(spec, 6, 1).join(*confs, *locs, *turned)[2], prior)


def test_by_hand_boxes_by_place_are_taken_by_ratio():
    boxes = np.arange(24.0).reshape(6, 4)[:, :1] * np.ones(4)  # places 0, 1, 2, of ratios a, b: a0 b0 a1 b1 a2 b2
    assert_array_equal(Unjoined.by_ratio(boxes, [(3, 2)])[:, 0] / 4, [0, 2, 4, 1, 3, 5])


@pytest.mark.parametrize(
    ("text", "bottoms", "said"),
    [
        ("", 7, "takes 3 to 5 bottoms, or of nbottom 6 maps 13 or 18; found 7"),
        ("no_permute: true nbottom: 2", 6, "no_permute takes the priors of all maps as one bottom"),
        ("ratio_permute: true nbottom: 7", 15, "ratio_permute is for at most six maps"),
        ("no_permute: true", 3, "give each as a bottom"),
    ],
)
def test_refusals(text, bottoms, said):
    with pytest.raises(NetError, match=said):
        made(f"num_classes: 3 {text}", bottoms)


def test_maps_that_do_not_fit_are_refused():
    it = made("num_classes: 3 nbottom: 3 no_permute: true", 7)
    conf, loc = (1, 3, 2, 12), (1, 8, 3, 4)
    with pytest.raises(ShapeError, match=r"map 2: confidences \(1, 3, 2, 11\) and locations \(1, 8, 3, 4\) are not"):
        it.infer(conf, (1, 3, 2, 11), conf, loc, loc, loc, (1, 2, 288))
    with pytest.raises(ShapeError, match=r"expected priors \(1, 2, 288\) in all"):
        it.infer(conf, conf, conf, loc, loc, loc, (1, 2, 96))
