"""DetectionOutput in plain Python: one image, one class, one box at a time."""

from tests.naive.boxes import decode, suppress


def detection_output(loc, conf, prior, code, threshold, top_k, keep, nms, eta=1.0, background=0):
    """loc (N, P, 4), conf (N, P, classes), prior (2, P, 4): rows of 7."""
    rows = []
    for image, (codes, scores) in enumerate(zip(loc, conf, strict=True)):
        found = []
        for label in range(scores.shape[1]):
            if label == background:
                continue
            order = sorted(
                (p for p in range(len(codes)) if scores[p, label] > threshold), key=lambda p: -scores[p, label]
            )
            order = order[:top_k]
            boxes = [decode(code, prior[0, p], prior[1, p], codes[p]) for p in order]
            found += [(image, label, scores[order[k], label], *boxes[k]) for k in suppress(boxes, nms, eta)]
        best = sorted(found, key=lambda row: -row[2])[:keep]
        rows += sorted(best, key=lambda row: row[1])
    return rows or [(image, *[-1] * 6) for image in range(len(loc))]
