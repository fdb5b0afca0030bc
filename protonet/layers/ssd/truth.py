"""Ground truth as SSD's data layers write it: rows of image, label, group, box, difficult; image -1 is none."""

from dataclasses import dataclass

import numpy as np

from protonet.errors import DataError

IMAGE, LABEL, DIFFICULT = 0, 1, 7
BOX = slice(3, 7)
LARGEST = 1 << 24  # whole numbers above are no float32


@dataclass
class Truth:
    """One row a box."""

    images: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    difficult: np.ndarray

    def of(self, chosen):
        return Truth(self.images[chosen], self.labels[chosen], self.boxes[chosen], self.difficult[chosen])

    def image(self, i):
        return self.of(self.images == i)


def read(blob, background, classes):
    """The rows of a blob (1, 1, G, 8); labels are checked."""
    rows = blob.reshape(-1, 8)
    finite = np.isfinite(rows)
    if not finite.all():
        raise DataError(f"ground truth {int(np.argmin(finite.all(1)))} is not finite: it has {rows[~finite][0]:g}")
    check_small(rows, "ground truth")
    rows = rows[rows[:, IMAGE].astype(np.int64) != -1]
    labels = rows[:, LABEL].astype(np.int64)
    bad = (labels < 0) | (labels >= classes) | (labels == background)
    if bad.any():
        what = "the background" if labels[bad][0] == background else "no class"
        raise DataError(
            f"a ground truth has label {rows[bad, LABEL][0]:g}, which is {what}: the classes are 0 to {classes - 1}"
        )
    return Truth(rows[:, IMAGE].astype(np.int64), labels, rows[:, BOX], rows[:, DIFFICULT] != 0)


def check_small(rows, what):
    """Refuse images or labels, the first two of each row, of which no int would be made."""
    named = rows[:, [IMAGE, LABEL]]
    bad = ~(np.abs(named) <= LARGEST)
    if bad.any():
        raise DataError(f"the images and labels of {what} are small numbers, found {named[bad][0]:g}")
