"""RegionLoss: YOLOv2's: the sum of squares of how far each number is from what the truth says, by its scale.

    bottoms   map (N, num * (5 + num_class), side, side); truth, rows of 5 for each image (N, any, 5): class, x, y,
              w, h, up to the first with w 0; or SSD's rows of 8, see ssd/truth.py, whose labels count from 1

At each truth's cell the anchor of `biases` that overlaps it most learns its box (coord_scale), its class (class_scale)
and that there is one (object_scale; with rescore as much as its box overlaps it); all others that there is none
(noobject_scale), unless their box overlaps some truth by more than thresh.  arXiv:1612.08242, section 2; darknet's
region_layer.c.

The surprise: what goes down is those distances, with the slopes of the sigmoids, divided by N: no derivative of it.
Fork: region_loss_layer.cpp of choasup/caffe-yolo9000 and of Intel's, less their trials with other weights, and less
softmax_tree.
"""

from math import prod

import numpy as np

from protonet.errors import DataError, NetError, ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers import yolo
from protonet.layers.base import Layer, register
from protonet.layers.ssd.overlap import jaccard


@register("RegionLoss", spec="region_loss_param")
class RegionLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = 2, True, True, (1,)
    refused = "softmax_tree", "class_map", "softmax", "coords"

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        if spec.num < 1 or spec.num_class < 1 or len(spec.biases) != 2 * spec.num or min(spec.biases) <= 0:
            raise NetError(f"biases are the width and height, above 0, of {spec.num} anchors; found {len(spec.biases)}")
        if spec.side < 1:
            raise NetError(f"side, the rows and columns of the map, must be at least 1, found {spec.side}")

    def infer(self, x, truth):
        spec = self.spec
        expected = spec.num * (5 + spec.num_class), spec.side, spec.side
        if x[1:] != expected:
            raise ShapeError(f"expected a map {('N', *expected)}, for {spec.num} anchors, found {x}")
        if not truth or (truth[-1] != 8 and (prod(truth[1:]) % 5 or truth[0] != x[0])):
            raise ShapeError(f"expected truth ({x[0]}, any number, 5), or rows of 8, found {truth}")
        return [()]

    def forward(self, emit, x, truth, loss):
        slopes = emit.keep("slopes", *x.shape)
        emit.host(self.run, x, truth, loss, slopes, out=[loss, slopes])

    def backward(self, emit, loss, x, truth):
        if emit.wants(x):
            saved = emit.saved("slopes")
            emit(kernels.times_loss, saved, loss.diff, x.diff, 1 / max(x.shape[0], 1), tasks=tasks(x.shape))

    def run(self, x, truth, loss, slopes):
        if not len(x):
            loss[...] = 0
            return
        spec, cells = self.spec, yolo.split(x, self.spec.num)
        biases = np.array(spec.biases, np.float32).reshape(-1, 2) / spec.side
        boxes, delta = yolo.centered(cells, biases), np.zeros(cells.shape, np.float32)
        there = yolo.sigmoid(cells[..., 4])
        slope = there * (1 - there)
        for n, rows in enumerate(rows_of(truth, len(x), spec.num_class)):
            delta[n, ..., 4] = spec.noobject_scale * there[n] * slope[n]
            if not len(rows):
                continue
            found, truths = yolo.corners(boxes[n]).reshape(-1, 4), yolo.corners(rows[:, 1:])
            overlaps = jaccard(found, truths)
            far = overlaps.max(1).reshape(delta.shape[1:4]) > np.float32(spec.thresh)
            delta[n, ..., 4][far] = 0
            self.learn(cells[n], boxes[n], biases, rows, delta[n], there[n], slope[n])
        loss[...] = (delta.astype("d") ** 2).sum()
        slopes[...] = delta.transpose(0, 3, 4, 1, 2).reshape(x.shape)

    def learn(self, cells, boxes, biases, rows, delta, there, slope):
        """What the anchors of truths learn; of several truths of one anchor the last."""
        spec, side = self.spec, self.spec.side
        labels, centers, sizes = rows[:, 0].astype(int), rows[:, 1:3], rows[:, 3:]
        j, i = np.minimum((centers * side).astype(int), side - 1).T
        shapes = np.broadcast_to(biases, (len(rows), *biases.shape)) if spec.bias_match else boxes[i, j, :, 2:]
        a = yolo.alike(np.concatenate([0 * shapes, shapes], -1), np.pad(sizes, [(0, 0), (2, 0)])[:, None]).argmax(1)
        at = i, j, a
        center = yolo.sigmoid(cells[at][:, :2])
        wanted = (centers * side - np.stack([j, i], 1)).astype(np.float32)
        delta[(*at, slice(0, 2))] = -spec.coord_scale * (wanted - center) * center * (1 - center)
        delta[(*at, slice(2, 4))] = -spec.coord_scale * (np.log(sizes / biases[a]) - cells[at][:, 2:4])
        score = yolo.alike(boxes[at], rows[:, 1:]) if spec.rescore else 1
        delta[(*at, 4)] = -spec.object_scale * (score - there[at]) * slope[at]
        p = yolo.softmax(cells[at][:, 5:])
        delta[(*at, slice(5, None))] = spec.class_scale * (p - (np.arange(p.shape[1]) == labels[:, None]))


def rows_of(truth, N, classes):
    """(class, x, y, w, h) of the truths of each image."""
    if truth.shape[-1] == 8:
        rows = truth.reshape(-1, 8)
        rows = rows[rows[:, 0] != -1]
        box = rows[:, 3:7]
        made = np.column_stack([rows[:, 1] - 1, (box[:, :2] + box[:, 2:]) / 2, box[:, 2:] - box[:, :2]])
        known = (rows[:, 0] >= 0) & (rows[:, 0] < N)
        if not known.all():
            raise DataError(f"a truth is of image {rows[~known, 0][0]:g}, but the batch has {N}")
        found = [made[rows[:, 0].astype(int) == n] for n in range(N)]
    else:
        listed = truth.reshape(N, -1, 5)
        ends = [np.flatnonzero(rows[:, 3] == 0) for rows in listed]
        found = [rows[: end[0]] if len(end) else rows for rows, end in zip(listed, ends, strict=True)]
    for rows in found:
        check_classes(rows[:, 0], classes)
        if not np.isfinite(rows).all() or (rows[:, 3:] <= 0).any() or (abs(rows[:, 1:3] - 0.5) > 0.5).any():
            raise DataError("a truth is no box in the image: its centre must be, and its size above 0")
    return found


def check_classes(labels, classes):
    """Refuse a truth whose label is no class."""
    bad = ~((labels >= 0) & (labels < classes))
    if bad.any():
        raise DataError(f"a truth has class {labels[bad][0]:g}: the classes are 0 to {classes - 1}")
