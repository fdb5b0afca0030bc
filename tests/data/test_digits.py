import numpy as np
from numpy.testing import assert_array_equal

from protonet.data import digits


def test_there_are_1797_of_them_with_seventeen_shades():
    images, labels = digits.load()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == labels.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 16)
    assert_array_equal(np.bincount(labels), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def test_the_first_is_a_zero():
    images, labels = digits.load()
    assert labels[0] == 0
    assert_array_equal(images[0, 0], [0, 0, 5, 13, 9, 1, 0, 0])


def test_they_come_along_small_and_with_their_licence():
    files = list(digits.FOLDER.iterdir())
    assert sum(path.stat().st_size for path in files if path.suffix == ".gz") < 60_000
    assert "CC BY 4.0" in (digits.FOLDER / "NOTICE.txt").read_text()
