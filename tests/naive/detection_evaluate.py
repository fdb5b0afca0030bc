"""DetectionEvaluate in plain Python."""

from tests.naive.boxes import overlap


def detection_evaluate(found, truths, classes, threshold=0.5, difficult=True, background=0):
    truths = [row for row in truths if row[0] != -1]
    rows = [
        (-1, c, sum(row[1] == c and (difficult or not row[7]) for row in truths), -1, -1)
        for c in range(classes)
        if c != background
    ]
    for image in sorted({row[0] for row in found if row[0] != -1}):
        for label in sorted({row[1] for row in found if row[0] == image and row[1] != -1}):
            gt = [row for row in truths if (row[0], row[1]) == (image, label)]
            boxes = [row for row in found if (row[0], row[1]) == (image, label)]
            taken = set()
            for row in sorted(boxes, key=lambda row: -row[2]) if gt else boxes:
                overlaps = [overlap(row[3:7], other[3:7]) for other in gt]
                best = max(overlaps, default=-1)
                if best < threshold:
                    rows.append((*row[:3], 0, 1))
                    continue
                j = overlaps.index(best)
                counts = difficult or not gt[j][7]
                rows.append((*row[:3], counts and j not in taken, counts and j in taken))
                taken |= {j} if counts else set()
    return rows
