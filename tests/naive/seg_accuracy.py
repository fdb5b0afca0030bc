"""SegAccuracy in plain Python, one pixel at a time: what it says of all classes, and of each."""


def seg_accuracy(x, label, ignore=()):
    N, C, H, W = x.shape
    pairs = []
    for n in range(N):
        for i in range(H):
            for j in range(W):
                actual = int(label[n, 0, i, j])
                if actual not in ignore:
                    pairs.append((actual, max(range(C), key=lambda c: (x[n, c, i, j], c))))
    classes = []
    for k in range(C):
        right = sum(a == b == k for a, b in pairs)
        there, seen = sum(a == k for a, _ in pairs), sum(b == k for _, b in pairs)
        either = there + seen - right
        classes.append((right / max(seen, 1), right / max(there, 1), right / either if either else 1, there))
    known = [recall for _, recall, _, there in classes if there]
    whole = sum(a == b for a, b in pairs) / len(pairs), sum(known) / len(known), sum(c[2] for c in classes) / C
    return whole, [c[:3] for c in classes]
