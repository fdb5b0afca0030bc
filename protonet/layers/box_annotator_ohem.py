"""BoxAnnotatorOHEM: of each image the roi_per_img regions of largest loss; the labels and weights of all others go.

    bottoms   rois (R, 5, ...), loss of each region, labels (R, ...), box loss weights (R, C, ...)
    tops      labels, ignore_label where a region is not chosen; box loss weights, 0 there

arXiv:1604.03540, arXiv:1605.06409.  Fork: box_annotator_ohem_layer.cpp of daijifeng001/caffe-rfcn, and of Intel's.
"""

from math import prod

import numpy as np

from protonet.errors import DataError, NetError, ShapeError
from protonet.layers.base import Layer, register


@register("BoxAnnotatorOHEM", spec="box_annotator_ohem_param")
class BoxAnnotatorOHEM(Layer):
    bottoms, tops, constant = 4, 2, (0, 1, 2, 3)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if self.spec.roi_per_img < 1:
            raise NetError("roi_per_img must be at least 1, found none or 0")

    def infer(self, rois, loss, labels, weights):
        if len(rois) < 2 or rois[1] != 5:
            raise ShapeError(f"expected regions (R, 5): image, x0, y0, x1, y1; found {rois}")
        places = rois[0] * prod(rois[2:])
        for what, shape in ("losses", loss), ("labels", labels):
            if prod(shape) != places:
                raise ShapeError(f"expected {places} {what}, one for each region, found shape {shape}")
        if len(weights) < 2 or weights[0] != rois[0] or prod(weights[2:]) != prod(rois[2:]):
            raise ShapeError(f"expected weights ({rois[0]}, any number, ...) for regions {rois}, found {weights}")
        return [labels, weights]

    def forward(self, emit, rois, loss, labels, weights, top_labels, top_weights):
        emit.host(self.run, rois, loss, labels, weights, top_labels, top_weights, out=[top_labels, top_weights])

    def run(self, rois, loss, labels, weights, top_labels, top_weights):
        R, places = len(rois), prod(rois.shape[2:])
        images = rois.reshape(R, 5, places)[:, 0].ravel()
        known = (images >= 0) & (images < 1 << 24)  # no image has a greater number in a float
        if not known.all():
            raise DataError(f"region {int(np.argmin(known))} is of image {images[~known][0]:g}")
        images = images.astype(np.int64)
        order = np.lexsort((-loss.ravel(), images))
        rank = np.arange(order.size) - np.searchsorted(images[order], images[order])
        chosen = np.zeros(order.size, bool)
        chosen[order[rank < self.spec.roi_per_img]] = True
        top_labels[...] = np.where(chosen.reshape(labels.shape), labels, np.float32(self.spec.ignore_label))
        seen = weights.reshape(R, weights.shape[1], places)
        top_weights[...] = np.where(chosen.reshape(R, 1, places), seen, 0).reshape(weights.shape)

    def backward(self, emit, *blobs):
        """No gradient goes through a choice."""
