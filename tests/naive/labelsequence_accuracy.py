"""LabelsequenceAccuracy in plain Python: one time at a time."""


def labelsequence_accuracy(x, label, blank=0):
    right = 0
    for scores, wanted in zip(x, label, strict=True):
        found, before = [], blank
        for row in scores:
            now = max(range(len(row)), key=lambda c: row[c])
            if now not in (before, blank):
                found.append(now)
            before = now
        right += found == [int(c) for c in wanted if c != blank]
    return right / len(x)
