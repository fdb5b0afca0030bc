"""Boxes (x0, y0, x1, y1): overlaps, and non-maximum suppression."""

from protonet.kernels.jit import f32, i64, inline, kernel, u8

A, B, M, S = "ABMS"


@inline
def area(x0, y0, x1, y1, one):
    """0 for boxes that are none."""
    return 0.0 if x1 < x0 or y1 < y0 else (x1 - x0 + one) * (y1 - y0 + one)


@inline
def overlap(a, b, i, j, one):
    """Intersection over union of boxes a[i] and b[j]; `one` is 1 where x1 and y1 are the last pixels, else 0."""
    w = min(a[i, 2], b[j, 2]) - max(a[i, 0], b[j, 0]) + one
    h = min(a[i, 3], b[j, 3]) - max(a[i, 1], b[j, 1]) + one
    if not (w > 0.0 and h > 0.0):
        return f32(0)
    both = area(a[i, 0], a[i, 1], a[i, 2], a[i, 3], one) + area(b[j, 0], b[j, 1], b[j, 2], b[j, 3], one)
    return w * h / (both - w * h)


@kernel(out="y")
def overlaps(a: f32[A, 4], b: f32[B, 4], y: f32[A, B], one: f32, begin, end):
    """y[i, j] <- the overlap of a[i] and b[j]; a task is a box of a."""
    for i in range(begin, end):
        for j in range(b.shape[0]):
            y[i, j] = overlap(a, b, i, j, one)


@kernel(out="kept order")
def suppress(
    boxes: f32[M, 4], starts: i64[S], kept: u8[M], order: i64[M],
    threshold: f32, eta: f32, one: f32, least: f32, most: i64, begin, end,
):  # fmt: skip
    """kept <- 1 for boxes that overlap none kept before them by more than `threshold`; a task is a run of boxes.

    Task s is boxes starts[s] to starts[s + 1], best first.  threshold shrinks by eta for each one kept, while above
    0.5.  Boxes smaller than `least` are left out; at most `most` are kept (negative: any number).  order is scratch.
    """
    for s in range(begin, end):
        first, count, limit = starts[s], i64(0), threshold
        for i in range(first, starts[s + 1]):
            fits = area(boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3], one) >= least
            fits = fits and (most < 0 or count < most)
            k = i64(0)
            while fits and k < count:
                fits = overlap(boxes, boxes, i, order[first + k], one) <= limit
                k += 1
            kept[i] = 1 if fits else 0
            if fits:
                order[first + count] = i
                count += 1
                if eta < 1.0 and limit > 0.5:
                    limit *= eta
