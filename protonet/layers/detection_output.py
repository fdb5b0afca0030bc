"""DetectionOutput: the boxes that an SSD has found: a row (image, label, score, x0, y0, x1, y1) for each.

    bottoms   loc (N, P * 4), or (N, P * classes * 4) unless share_location; conf (N, P * classes);
              prior (1, 2, P * 4)
    top       (1, 1, boxes, 7): by image, by label, best first

Of each class: scores above confidence_threshold, the top_k best, non-maximum suppression; then of each image the
keep_top_k best.  arXiv:1512.02325.  The surprise: where nothing is found, there is a row (image, -1, ...) for each
image.
"""

import logging

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.ssd import codes
from protonet.layers.ssd.overlap import suppress

log = logging.getLogger(__name__)
LOWEST = -np.finfo(np.float32).max
REFUSED = dict(
    visualize=False,
    ratio_permute=False,
    no_permute=False,
    tflite_detection=False,
    normalized=True,
    normalized_bbox=True,
)


@register("DetectionOutput", spec="detection_output_param")
class DetectionOutput(Layer):
    bottoms, dynamic, no_gradient = (3, 4), True, (0, 1, 2, 3)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec, nms = self.spec, self.spec.nms_param
        for name, plain in REFUSED.items():
            if getattr(spec, name) != plain:
                raise NetError(f"{name} is not supported")
        if spec.num_classes < 1:
            raise NetError("num_classes must be at least 1, found none or 0")
        if nms.nms_threshold < 0 or not 0 < nms.eta <= 1:
            raise NetError(
                f"nms_threshold is at least 0, eta above 0 and at most 1, found {nms.nms_threshold:g} and {nms.eta:g}"
            )
        if spec.save_output_param.output_directory:
            log.warning(
                "layer '%s': no files are written to output_directory; the top has all that is found", self.name
            )

    @property
    def places(self):
        """Codes for each prior: one, or one for each class."""
        return 1 if self.spec.share_location else self.spec.num_classes

    def infer(self, loc, conf, prior, *image):
        if len(prior) < 3 or prior[1] != 2 or prior[2] % 4:
            raise ShapeError(f"expected priors of shape (1, 2, 4 for each), found {prior}")
        P, N = prior[2] // 4, loc[0] if loc else 0
        for what, shape, each in (("locations", loc, 4 * self.places), ("confidences", conf, self.spec.num_classes)):
            if not shape or shape[0] != N or np.prod(shape[1:]) != P * each:
                raise ShapeError(
                    f"expected {what} of shape {(N, P * each)}, {each} for each of {P} priors, found {shape}"
                )
        return [(1, 1, 1, 7)]

    def compute(self, loc, conf, prior, *image):
        spec, N = self.spec, loc.shape[0]
        boxes, variances = codes.priors(prior)
        P = len(boxes)
        moved = np.moveaxis(loc.reshape(N, P, self.places, 4), 2, 1)
        found = codes.decode(spec.code_type, boxes, variances, moved, spec.variance_encoded_in_target)
        if spec.clip:
            found = found.clip(0, 1)
        scores = conf.reshape(N, P, spec.num_classes)
        rows = [self.rows(i, found[i], scores[i]) for i in range(N)]
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
