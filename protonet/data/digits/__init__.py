"""Handwritten digits, 8 x 8 pixels of 0 to 16: 1797 of them, by 13 people.  Real data, small enough to come along.

Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998; CC BY 4.0.
The test set of the original, in its order, as IDX files; see NOTICE.txt beside this file.
"""

from pathlib import Path

import numpy as np

from protonet.data import idx

FOLDER = Path(__file__).parent


def load() -> tuple[np.ndarray, np.ndarray]:
    """(images (1797, 8, 8), labels (1797,)), both uint8."""
    return idx.load(FOLDER / "digits-images-idx3-ubyte.gz"), idx.load(FOLDER / "digits-labels-idx1-ubyte.gz")
