import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.data.draws import Draws
from protonet.data.transform import Transform
from protonet.data.windows import WindowBatches, away, read_windows, widened
from protonet.errors import ProtonetError
from protonet.io import images, save_mean
from protonet.proto import caffe_pb2

WINDOWS = "1 1 1 1 6 6\n2 0.7 2 1 8 7\n1 0.6 0 0 13 11\n1 0.2 0 4 5 9\n3 0.1 3 3 9 8\n"


@pytest.fixture
def picture(rng):
    return rng.integers(0, 256, (12, 14, 3), dtype=np.uint8)


@pytest.fixture
def file(tmp_path, picture):
    (tmp_path / "a.png").write_bytes(images.encode(picture))
    (tmp_path / "win.txt").write_text("# 0\na.png\n3\n12\n14\n5\n" + WINDOWS)
    return tmp_path / "win.txt"


def made(file, transform=None, seed=1, **spec):
    spec = caffe_pb2.WindowDataParameter(**{"batch_size": 8, "source": str(file), **spec})
    transform = Transform(caffe_pb2.TransformationParameter(**{"crop_size": 6, **(transform or {})}), 0)
    return WindowBatches(spec, file, transform, 2, Draws(seed, 2))


def filled(it, index=0):
    return it.fill(index, [np.full(shape, np.nan, np.float32) for shape in it.shapes])


def test_the_file_is_read(file):
    windows = read_windows(file)
    assert [w.label for w in windows] == [1, 2, 1, 1, 3]
    assert windows[1].box == (2, 1, 8, 7)
    assert windows[1].overlap == 0.7


def test_background_comes_first_and_foreground_is_a_fraction(file):
    _, label = filled(made(file, fg_fraction=0.25, batch_size=9))
    assert_array_equal(label[:7], 0)
    assert (label[7:] >= 1).all()


def test_windows_between_the_thresholds_are_used_for_neither(file):
    it = made(file, fg_threshold=0.65, bg_threshold=0.15)
    assert [w.overlap for w in it.front] == [1, 0.7]
    assert [w.overlap for w in it.back] == [0.1]


def test_a_window_is_warped_to_the_crop(file, picture):
    it = made(file, {"mean_value": [10, 20, 30], "scale": 0.5}, scale=2)
    out = np.zeros((3, 6, 6), np.float32)
    it.cut(it.front[1], False, out)
    warped = images.resize(picture[1:8, 2:9], 6, 6).transpose(2, 0, 1)
    assert_allclose(out, warped - np.float32([10, 20, 30])[:, None, None], atol=1e-4)
    flipped = np.zeros_like(out)
    it.cut(it.front[1], True, flipped)
    assert_array_equal(flipped, out[:, :, ::-1])


def test_the_middle_of_a_mean_image_is_subtracted(file, tmp_path):
    mean = np.zeros((3, 10, 12))
    mean[:, 2:8, 3:9] = 7
    save_mean(tmp_path / "m.binaryproto", mean)
    plain, less = np.zeros((2, 3, 6, 6), np.float32)
    made(file).cut(made(file).front[0], False, plain)
    made(file, {"mean_file": str(tmp_path / "m.binaryproto")}).cut(made(file).front[0], False, less)
    assert_array_equal(less, plain - 7)


def test_context_is_added_and_what_lies_outside_of_the_image_stays_zero(file):
    # window 0..5 x 4..9 of an image 14 x 12, crop 6, pad 1: half sides 3 times 6/4 = 4.5 about (3, 7): -2..8 x 3..12
    # (halves away from zero: -1.5 -> -2, 7.5 -> 8, 2.5 -> 3, 11.5 -> 12); two columns and one row are outside
    box, x, y, w, h = widened((0, 4, 5, 9), (12, 14), 6, 1, False, False)
    assert box == (0, 3, 8, 11)
    assert (x, y, w, h) == (1, 0, 5, 5)
    out = np.full((3, 6, 6), np.nan, np.float32)
    out[...] = 0
    it = made(file, context_pad=1)
    it.cut(it.back[0], False, out)
    assert (out[:, :, 0] == 0).all()
    assert (out[:, 5] == 0).all()
    assert (out[:, :5, 1:] > 0).mean() > 0.9


def test_a_mirrored_window_has_its_padding_mirrored():
    assert widened((0, 4, 5, 9), (12, 14), 6, 1, False, True)[1:] == (0, 0, 5, 5)


def test_a_square_is_as_wide_as_the_longer_side():
    box, x, y, w, h = widened((4, 5, 9, 6), (12, 14), 6, 0, True, False)
    assert box == (4, 3, 10, 9)
    assert (x, y, w, h) == (0, 0, 6, 6)


@pytest.mark.parametrize(("x", "rounded"), [(0.5, 1), (1.5, 2), (-0.5, -1), (-1.5, -2), (2.4, 2), (-2.6, -3)])
def test_halves_are_rounded_away_from_zero(x, rounded):
    assert away(x) == rounded


def test_batches_repeat_by_seed_and_number(file):
    it = made(file, {"mirror": True})
    first, second = filled(it, 3)[0].copy(), filled(it, 4)[0]
    assert_array_equal(filled(made(file, {"mirror": True}), 3)[0], first)
    assert not np.array_equal(first, second)
    assert not np.isnan(first).any()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# 0\na.png\n3\n12\n14\n9\n" + WINDOWS, r"win.txt:\d+: expected an image and its windows, found the end"),
        ("a.png\n3\n12\n14\n5\n" + WINDOWS, r"win.txt:1: .*'a.png' where '# number' should be"),
        ("# 0\na.png\n1\n12\n14\n5\n" + WINDOWS, "1 channels; images are read in colour"),
        ("# 0\na.png\n3\n12\n14\n2\n1 1 0 0 3 3\n1 zero 0 0 3 3\n", r"win.txt:8: .*'zero'"),
        ("# 0\na.png\n3\n12\n14\n-6\n" + WINDOWS, r"win.txt:1: .*found -6 windows"),
        ("# 0\na.png\n3\n12\n14\n1\n1 1 5 0 4 3\n", r"win.txt:7: .*a window from 5, 0 to 4, 3, which has no pixels"),
        ("# 0\na.png\n3\n12\n14\n1\n1 1 0 0 3 3\n", "1 foreground and 0 background windows; both are needed"),
        ("# 0\na.png\n3\n12\n14\n2\n0 1 0 0 3 3\n0 0 0 0 3 3\n", "a foreground window of a.png has label 0"),
        (
            "# 0\na.png\n3\n12\n14\n2\n1 1 0 0 14 3\n0 0 0 0 14 3\n",
            r"window \(0, 0, 14, 3\) lies outside of .*a.png, 14 x 12",
        ),
    ],
)
def test_a_file_that_does_not_read_is_refused(text, why, file):
    file.write_text(text)
    with pytest.raises(ProtonetError, match=why):
        filled(made(file))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"transform": {"crop_size": 0}}, "WindowData needs transform_param.crop_size"),
        ({"crop_mode": "round"}, "crop_mode is 'warp' or 'square', found 'round'"),
        ({"fg_fraction": float("nan")}, "fg_fraction is the share of foreground windows, 0 to 1, found nan"),
        ({"fg_fraction": 1.5}, "0 to 1, found 1.5"),
        ({"context_pad": 3}, "context_pad 3 leaves nothing of crop_size 6"),
    ],
)
def test_what_contradicts_itself_is_refused(options, why, file):
    with pytest.raises(ProtonetError, match=why):
        made(file, **options)
