"""Examples of types the shapes of whose tops depend on values: asked by test_contract_dynamic.py."""

import numpy as np

from tests.layers.examples import Example, indicated, normal, positive


def boxed(rng, count):
    """Boxes (count, 4): corners within 0 and 1."""
    low = rng.uniform(0, 0.5, (count, 2))
    return np.concatenate([low, low + rng.uniform(0.1, 0.5, (count, 2))], 1)


def prior(rng, shapes):
    """Locations, confidences, and priors with their variances."""
    loc, conf, _ = shapes
    boxes = boxed(rng, shapes[2][2] // 4).ravel()
    return [*normal(rng, [loc]), *positive(rng, [conf]), np.array([[boxes, 0 * boxes + 0.1]], np.float32)]


def judged(rng, shapes):
    """Rows of what was found, and of what is there."""
    found, there = (np.zeros(shape, np.float32) for shape in shapes)
    for rows, first in ((found, 3), (there, 3)):
        rows[..., 0] = np.sort(rng.integers(0, 2, rows.shape[2]))
        rows[..., 1] = rng.integers(1, 3, rows.shape[2])
        rows[..., first : first + 4] = boxed(rng, rows.shape[2])
    found[..., 2] = rng.uniform(size=found.shape[2])
    return [found, there]


def proposed(rng, shapes):
    """Scores, boxes by anchor, and the image's size and scales."""
    scores, boxes, info = shapes
    size = np.tile([80, 96, 1, 1], (info[0], 1))
    return [*positive(rng, [scores]), *normal(rng, [boxes]), size.astype(np.float32)]


BIASES = " ".join(f"biases: {n}" for n in (10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319))
DYNAMIC = {
    "Filter": Example(
        'top: "y" loss_weight: 1', shapes=((5, 3, 3, 2), (5,)), inputs=indicated, options=dict(wants=[True, False])
    ),
    "DetectionOutput": Example(
        "detection_output_param { num_classes: 3 confidence_threshold: 0.6 keep_top_k: 5 nms_param { top_k: 6 } }",
        shapes=((2, 28), (2, 21), (1, 2, 28)),
        inputs=prior,
    ),
    "DetectionEvaluate": Example(
        "detection_evaluate_param { num_classes: 3 overlap_threshold: 0.3 }",
        shapes=((1, 1, 9, 7), (1, 1, 5, 8)),
        inputs=judged,
    ),
    "Proposal": Example(
        'top: "rois" top: "scores" proposal_param { ratio: 0.5 ratio: 1 scale: 2 feat_stride: 16 min_size: 8 '
        "pre_nms_topn: 40 post_nms_topn: 7 }",
        shapes=((1, 4, 5, 6), (1, 8, 5, 6), (1, 4)),
        inputs=proposed,
    ),
    "Yolov3DetectionOutput": Example(
        f"yolov3_detection_output_param {{ {BIASES} mask: 3 mask: 4 mask: 5 mask: 0 mask: 1 mask: 2 anchors_scale: 32 "
        "anchors_scale: 16 num_classes: 4 confidence_threshold: 0.3 nms_threshold: 0.4 }",
        shapes=((2, 27, 3, 3), (2, 27, 6, 6)),
    ),
}
