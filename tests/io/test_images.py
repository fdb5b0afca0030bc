import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError, ShapeError
from protonet.io import images


@pytest.fixture
def picture(rng):
    return rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)


def test_colour_is_blue_first_and_gray_one_channel(picture):
    data = images.encode(picture, "png")
    assert_array_equal(images.decode(data), picture)
    gray = images.decode(data, False)
    assert gray.shape == (5, 7, 1)
    assert_array_equal(images.decode(images.encode(gray[:, :, 0]), True), gray.repeat(3, 2))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_image_as_it_is_keeps_its_channels(channels, rng):
    picture = rng.integers(0, 256, (5, 7, channels), dtype=np.uint8)
    assert_array_equal(images.decode(images.encode(picture, ".png"), None), picture)


def test_names_may_have_any_letters(tmp_path, picture):
    path = tmp_path / "größe 日本.png"
    path.write_bytes(images.encode(picture))
    assert_array_equal(images.read_image(path), picture)


def test_resizing_is_bilinear_between_pixel_centers():
    row = np.array([[0, 100]], np.uint8)[:, :, None]
    assert_array_equal(images.resize(row, 1, 4)[0, :, 0], [0, 25, 75, 100])
    assert images.resize(row, 1, 2) is row


def test_planes_are_channels_first(picture):
    assert_array_equal(images.planes(picture)[2, 1], picture[1, :, 2])
    assert images.planes(picture).flags.c_contiguous


def test_sixteen_bits_are_refused_as_they_are_and_read_in_colour(rng):
    data = images.encode(rng.integers(0, 1 << 16, (4, 4), dtype=np.uint16), "png")
    with pytest.raises(DataError, match="8 bits per channel, found uint16"):
        images.decode(data, None)
    assert images.decode(data, True).dtype == np.uint8


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8\xff\xe0 not a jpeg"])
def test_what_cannot_be_decoded_is_an_error_with_the_files_name(data, tmp_path):
    path = tmp_path / "bad.jpg"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"bad.jpg: expected an image"):
        images.read_image(path)


def test_other_files_are_named(tmp_path):
    (tmp_path / "a.jpg").write_text("<html>login</html>")
    with pytest.raises(DataError, match="expected an image, found an HTML page"):
        images.read_image(tmp_path / "a.jpg")
    with pytest.raises(DataError, match=r"none.jpg: the image cannot be read: No such file"):
        images.read_image(tmp_path / "none.jpg")


def test_an_unknown_ending_cannot_be_written(picture):
    with pytest.raises(DataError, match="cannot write images as 'xyz'"):
        images.encode(picture, "xyz")


def test_no_image_is_made_that_is_larger_than_memory_may_be_taken(tmp_path):
    """OpenCV asks how much when it is loaded: so in a process of its own."""
    (tmp_path / "a.png").write_bytes(images.encode(np.zeros((6000, 6000, 1), np.uint8)))
    code = "import sys; from protonet.io import images; print(images.read_image(sys.argv[1]).shape)"
    run = [sys.executable, "-c", code, str(tmp_path / "a.png")]
    for memory, works in ("200M", True), ("100M", False):
        environment = {**os.environ, "PROTONET_MAX_MEMORY": memory}
        environment.pop("OPENCV_IO_MAX_IMAGE_PIXELS", None)
        done = subprocess.run(run, env=environment, capture_output=True, text=True)
        assert (done.stdout == "(6000, 6000, 3)\n") == works, done.stderr
        assert works or "DataError" in done.stderr


def test_no_image_is_resized_to_more_than_memory_takes(picture):
    with pytest.raises(ShapeError, match="a resized image of shape"):
        images.resize(picture, 1 << 30, 1 << 30)
