"""Numbers for the bottoms of layers that do not take any, as in tests.layers.examples: (rng, shapes) -> arrays."""

import numpy as np

from tests.layers.examples import normal


def masked(rng, shapes):
    """Numbers, and for each a place among 4 in a map twice as high and wide."""
    (x,) = normal(rng, shapes[:1])
    _, _, H, W = x.shape
    h, w = (2 * i + rng.integers(0, 2, x.shape) for i in np.ogrid[:H, :W])
    return [x, (h * 2 * W + w).astype(np.float32)]


def spelled(rng, shapes):
    """Scores, indicators of sequences that begin at once, labels."""
    going = np.ones(shapes[1], np.float32)
    going[0] = 0
    return [*normal(rng, shapes[:1]), going, rng.integers(0, 36, shapes[2]).astype(np.float32)]


def regions(rng, shapes):
    """Maps, and regions of them on a scale of 16."""
    maps, rois = shapes
    low = rng.uniform(0, 16 * maps[3] / 2, (rois[0], 2))
    rows = np.column_stack([rng.integers(0, maps[0], rois[0]), low, low + rng.uniform(60, 16 * maps[3] / 2, low.shape)])
    return [*normal(rng, [maps]), rows.astype(np.float32)]


def chosen(rng, shapes):
    return [*normal(rng, shapes[:1]), rng.integers(0, 2, shapes[1]).astype(np.float32)]


def boxes(rng, count, least=0.05, most=0.4):
    low = rng.uniform(0, 0.6, (count, 2))
    return np.concatenate([low, low + rng.uniform(least, most, (count, 2))], 1)


def detected(rng, shapes):
    """Locations, probabilities of 21 classes of which one in 50 boxes has one above a tenth, priors."""
    loc, conf, prior = normal(rng, shapes)
    conf = conf.reshape(-1, 21)
    conf[:, 0] += np.where(rng.random(len(conf)) < 0.02, 0, 8)
    conf = np.exp(conf) / np.exp(conf).sum(1, keepdims=True)
    prior[0, 0], prior[0, 1] = boxes(rng, shapes[2][2] // 4).ravel(), 0.1
    return [loc, conf.reshape(shapes[1]), prior]


def proposed(rng, shapes):
    """Probabilities, deltas, and the size of the image."""
    scores, deltas, info = shapes
    size = np.tile(np.float32([600, 800, 1]), (info[0], 1))
    return [rng.random(scores).astype(np.float32), 0.2 * normal(rng, [deltas])[0], size]


def judged(rng, shapes):
    """Boxes (image, label, score, box) and truths (image, label, number, box, difficult)."""
    found, truth = (
        np.column_stack([rng.integers(0, 8, n), rng.integers(1, 21, n), rng.random(n), boxes(rng, n), np.zeros(n)])
        for n in (shapes[0][2], shapes[1][2])
    )
    return [found[:, :7].reshape(shapes[0]).astype(np.float32), truth.reshape(shapes[1]).astype(np.float32)]


def rare(rng, shapes):
    """Maps of YOLO's where few see an object."""
    return [x - 3 for x in normal(rng, shapes)]
