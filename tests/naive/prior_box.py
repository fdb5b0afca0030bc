"""PriorBox in plain Python, one box at a time.  Returns (boxes * 4 corners)."""


def prior_box(maps, image, sizes, step=None, offset=0.5, clip=True):
    (H, W), (high, wide) = maps, image
    step_h, step_w = step or (high / H, wide / W)
    found = []
    for h in range(H):
        for w in range(W):
            x, y = (w + offset) * step_w, (h + offset) * step_h
            for width, height in sizes:
                box = [(x - width / 2) / wide, (y - height / 2) / high, (x + width / 2) / wide, (y + height / 2) / high]
                found += [min(max(v, 0), 1) for v in box] if clip else box
    return found
