"""DetectionOutput: the boxes that an SSD has found: a row (image, label, score, x0, y0, x1, y1) for each.

    bottoms   loc (N, P * 4), or (N, P * classes * 4) unless share_location; conf (N, P * classes);
              prior (1, 2, P * 4)
              or 3, 4 or 5: before them RefineDet's first stage has judged the priors, conf (N, P * 2), which of an
              object below objectness_score leaves background alone, and moved them, loc as above
              or many, of maps that are not joined: Synopsys', see ssd/unjoined.py
    top       (1, 1, boxes, 7): by image, by label, best first

Of each class: scores above confidence_threshold, the top_k best, non-maximum suppression; then of each image the
keep_top_k best.  arXiv:1512.02325, arXiv:1711.06897.  A fourth bottom that is no such conf is the image that
`visualize` would draw on: it is not read, and nothing is drawn.  In TEST, save_output_param writes files of what is
found: see ssd/results.py.  The surprise: where nothing is found, there is a row
(image, -1, ...) for each image.
"""

import logging

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.layers.base import TEST, Layer, register
from protonet.layers.ssd import codes
from protonet.layers.ssd.overlap import suppress
from protonet.layers.ssd.results import Results
from protonet.layers.ssd.unjoined import Unjoined

log = logging.getLogger(__name__)
LOWEST = -np.finfo(np.float32).max
REFUSED = dict(
    tflite_detection=False,
    normalized=True,
    normalized_bbox=True,
)


@register("DetectionOutput", spec="detection_output_param")
class DetectionOutput(Layer):
    bottoms, dynamic = (3, None), True
    refused = "tflite_use_regular_nms", "max_classes_per_detection", "scale_xywh"

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec, nms = self.spec, self.spec.nms_param
        for name, plain in REFUSED.items():
            if getattr(spec, name) != plain:
                raise NetError(f"{name} is not supported")
        self.constant = tuple(range(n := len(param.bottom)))
        self.unjoined = Unjoined(spec, n, self.places) if n > min(5, max(3, spec.nbottom)) else None
        if not self.unjoined and (spec.no_permute or spec.ratio_permute):
            raise NetError("no_permute and ratio_permute are of maps that are not joined: give each as a bottom")
        if spec.visualize:
            log.warning("layer '%s': nothing is drawn; the top has all that is found", self.name)
        if spec.num_classes < 1:
            raise NetError("num_classes must be at least 1, found none or 0")
        if nms.nms_threshold < 0 or not 0 < nms.eta <= 1:
            raise NetError(
                f"nms_threshold is at least 0, eta above 0 and at most 1, found {nms.nms_threshold:g} and {nms.eta:g}"
            )
        saves = spec.save_output_param.output_directory and self.phase == TEST
        self.results = Results(spec.save_output_param, spec.background_label_id, self.name) if saves else None

    @property
    def places(self):
        """Codes for each prior: one, or one for each class."""
        return 1 if self.spec.share_location else self.spec.num_classes

    def infer(self, *shapes):
        if self.unjoined:
            self.unjoined.check(*shapes)
            return [(1, 1, 1, 7)]
        loc, conf, prior, *first = shapes
        if len(prior) < 3 or prior[1] != 2 or prior[2] % 4:
            raise ShapeError(f"expected priors of shape (1, 2, 4 for each), found {prior}")
        P, N = prior[2] // 4, loc[0] if loc else 0
        for what, shape, each in (("locations", loc, 4 * self.places), ("confidences", conf, self.spec.num_classes)):
            if not shape or shape[0] != N or np.prod(shape[1:]) != P * each:
                raise ShapeError(
                    f"expected {what} of shape {(N, P * each)}, {each} for each of {P} priors, found {shape}"
                )
        if len(first) == 2 and (not judges(first[0], N, P) or np.prod(first[1]) != N * P * 4 or self.places > 1):
            raise ShapeError(
                f"expected the first stage's confidences ({N}, {2 * P}) and locations ({N}, {4 * P}), which need "
                f"share_location, found {first[0]} and {first[1]}"
            )
        return [(1, 1, 1, 7)]

    def compute(self, *arrays):
        loc, conf, prior, *first = self.unjoined.join(*arrays) if self.unjoined else arrays
        spec, N = self.spec, loc.shape[0]
        boxes, variances = codes.priors(prior)
        P, plain = len(boxes), spec.variance_encoded_in_target
        if len(first) == 2:
            boxes = codes.decode(spec.code_type, boxes, variances, first[1].reshape(N, P, 4), plain)[:, None]
        moved = np.moveaxis(loc.reshape(N, P, self.places, 4), 2, 1)
        found = codes.decode(spec.code_type, boxes, variances, moved, plain)
        if spec.clip:
            found = found.clip(0, 1)
        scores = conf.reshape(N, P, spec.num_classes)
        if first and judges(first[0].shape, N, P):
            none = first[0].reshape(N, P, 2)[:, :, 1] < np.float32(spec.objectness_score)
            scores = np.where(none[:, :, None], np.arange(spec.num_classes) == spec.background_label_id, scores)
        rows = [self.rows(i, found[i], scores[i]) for i in range(N)]
        if self.results:
            self.results.add(np.concatenate([np.zeros((0, 7), np.float32), *rows]), N, self.folder)
        if any(map(len, rows)):
            return [np.concatenate(rows).reshape(1, 1, -1, 7)]
        nothing = np.full((1, 1, N, 7), -1, np.float32)
        nothing[0, 0, :, 0] = range(N)
        return [nothing]

    def rows(self, image, boxes, scores):
        """What is found in an image, of boxes (1 or classes, P, 4) and scores (P, classes)."""
        spec, nms = self.spec, self.spec.nms_param
        least = np.float32(spec.confidence_threshold) if spec.HasField("confidence_threshold") else LOWEST
        most = nms.top_k if nms.HasField("top_k") else -1
        classes = [c for c in range(spec.num_classes) if c != spec.background_label_id]
        found = [best(scores[:, c], least, most) for c in classes]
        labels = np.repeat(classes, [len(priors) for priors in found])
        priors = np.concatenate(found) if found else np.zeros(0, int)
        places = boxes[np.zeros_like(labels) if self.places == 1 else labels, priors]
        starts = np.searchsorted(labels, np.arange(spec.num_classes + 1))
        kept = suppress(places, starts, nms.nms_threshold, nms.eta)
        labels, places, values = labels[kept], places[kept], scores[priors[kept], labels[kept]]
        if -1 < spec.keep_top_k < len(labels):
            top = np.argsort(-values, kind="stable")[: spec.keep_top_k]
            top = top[np.argsort(labels[top], kind="stable")]
            labels, places, values = labels[top], places[top], values[top]
        made = np.empty((len(labels), 7), np.float32)
        made[:, 0], made[:, 1], made[:, 2], made[:, 3:] = image, labels, values, places
        return made

    def forward(self, emit, *blobs):
        """Nothing is emitted: see compute."""


def judges(shape, N, P):
    """Whether a fourth bottom tells objects from background."""
    return len(shape) > 0 and shape[0] == N and np.prod(shape[1:]) == 2 * P


def best(scores, least, most):
    """Where scores are above `least`, best first; of equals the first; at most `most` of them (negative: all)."""
    chosen = np.flatnonzero(scores > least)
    values = scores[chosen]
    if 0 < most < len(values):
        # sorting is for those that may be among them
        near = values >= np.partition(values, -most)[-most]
        chosen, values = chosen[near], values[near]
    order = chosen[np.argsort(-values, kind="stable")]
    return order if most < 0 else order[:most]
