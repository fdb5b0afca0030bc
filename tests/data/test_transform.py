import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.data.transform import Transform
from protonet.errors import DataError, ProtonetError, ShapeError
from protonet.io import save_mean
from protonet.proto import caffe_pb2
from tests.naive.data import transform as naive

TRAIN, TEST = 0, 1


def made(phase=TEST, **fields):
    return Transform(caffe_pb2.TransformationParameter(**fields), phase)


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (5, 3, 9, 11), dtype=np.uint8)


def means(kind, tmp_path, rng):
    """(fields that give a mean, the same for the naive twin)."""
    if kind == "file":
        mean = rng.normal(100, 20, (3, 9, 11)).astype(np.float32)
        save_mean(tmp_path / "mean.binaryproto", mean)
        return {"mean_file": str(tmp_path / "mean.binaryproto")}, mean
    values = {"none": [], "one": [100.0], "three": [104.0, 117.0, 123.0]}[kind]
    return {"mean_value": values}, np.float32(values * (3 if len(values) == 1 else 1)) if values else None


@pytest.mark.parametrize("as_list", [True, False])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("scale", [1.0, 0.017])
@pytest.mark.parametrize("crop", [0, 6])
@pytest.mark.parametrize("kind", ["none", "one", "three", "file"])
def test_the_middle_of_an_image_less_the_mean_times_the_scale(kind, crop, scale, dtype, as_list, images, tmp_path, rng):
    images = images.astype(dtype)
    fields, mean = means(kind, tmp_path, rng)
    it = made(crop_size=crop, scale=scale, **fields)
    shape = it.shape(images.shape[1:])
    assert shape == (3, crop or 9, crop or 11)
    out = np.full((5, *shape), np.nan, np.float32)
    it(list(images) if as_list else images, out)
    top, left = (9 - shape[1]) // 2, (11 - shape[2]) // 2
    for image, y in zip(images, out, strict=True):
        assert_allclose(y, naive(image, shape[1:], top, left, False, mean, scale), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("as_list", [True, False])
@pytest.mark.parametrize("kind", ["none", "three", "file"])
def test_in_training_crops_are_anywhere_and_half_are_mirrored(kind, as_list, images, tmp_path, rng):
    images = images.repeat(40, 0)
    fields, mean = means(kind, tmp_path, rng)
    it = made(TRAIN, crop_size=6, mirror=True, scale=0.5, **fields)
    out = np.empty((200, 3, 6, 6), np.float32)
    it(list(images) if as_list else images, out, np.random.default_rng(3))
    places = {(t, f, m) for t in range(4) for f in range(6) for m in (False, True)}
    candidates = [{p: naive(image, (6, 6), *p, mean, 0.5) for p in places} for image in images[::40]]
    seen = [next(p for p, y in candidates[i // 40].items() if abs(y - out[i]).max() < 1e-3) for i in range(200)]
    assert {t for t, _, _ in seen} == set(range(4))
    assert {f for _, f, _ in seen} == set(range(6))
    assert 60 < sum(m for _, _, m in seen) < 140


def test_lists_and_arrays_draw_alike(images):
    it = made(TRAIN, crop_size=6, mirror=True, mean_value=[10.0])
    a, b = np.empty((2, 5, 3, 6, 6), np.float32)
    it(images, a, np.random.default_rng(1))
    it(list(images), b, np.random.default_rng(1))
    assert_array_equal(a, b)


def test_test_images_are_mirrored_too(images):
    it = made(TEST, mirror=True)
    images = images[:1].repeat(50, 0)
    out = np.empty(images.shape, np.float32)
    it(images, out, np.random.default_rng(1))
    mirrored = [not np.array_equal(y, images[0]) for y in out]
    assert 10 < sum(mirrored) < 40
    assert_array_equal(out[mirrored.index(True)], images[0, :, :, ::-1])


def test_images_of_any_size_may_be_cropped_to_one(rng):
    images = [rng.integers(0, 256, (3, h, w), dtype=np.uint8) for h, w in ((6, 6), (9, 7), (20, 30))]
    out = np.empty((3, 3, 6, 6), np.float32)
    made(crop_size=6)(images, out)
    assert_array_equal(out[2], images[2][:, 7:13, 12:18])
    made(TRAIN, crop_size=6)(images, out, np.random.default_rng(0))
    assert_array_equal(out[0], images[0])


def test_height_and_width_of_a_crop_may_differ(images):
    it = made(crop_h=4, crop_w=8)
    assert it.shape((3, 9, 11)) == (3, 4, 8)
    out = np.empty((5, 3, 4, 8), np.float32)
    it(images, out)
    assert_array_equal(out, images[:, :, 2:6, 1:9])


@pytest.mark.parametrize("phase", [TRAIN, TEST])
@pytest.mark.parametrize("as_list", [True, False])
def test_images_that_do_not_suit_the_batch_are_refused(phase, as_list, rng):
    for shape, crop in ((3, 5, 9), 6), ((1, 9, 9), 6), ((3, 9, 10), 0):
        image = rng.integers(0, 256, (1, *shape), dtype=np.uint8)
        out = np.empty((1, 3, *((6, 6) if crop else (9, 9))), np.float32)
        with pytest.raises(DataError, match=rf"an image is \({shape[0]}, {shape[1]}, {shape[2]}\), the batch wants"):
            made(phase, crop_size=crop)(list(image) if as_list else image, out, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"force_color": True, "force_gray": True}, "contradict"),
        ({"mean_file": "x", "mean_value": [1]}, "cannot both be given"),
        (
            {"resize_param": caffe_pb2.ResizeParameter()},
            "TransformationParameter.resize_param is a fork's, and not done here",
        ),
        ({"img_rand_resize_upper": 480}, "img_rand_resize_upper is a fork's"),
    ],
)
def test_what_contradicts_itself_is_refused(fields, why):
    with pytest.raises(ProtonetError, match=why):
        made(**fields)


def test_shapes_that_do_not_suit_are_refused(tmp_path):
    with pytest.raises(ShapeError, match="crop_size 10 x 10 is larger than the image, 9 x 11"):
        made(crop_size=10).shape((3, 9, 11))
    with pytest.raises(ShapeError, match="2 values in mean_value for images of 3 channels"):
        made(mean_value=[1, 2]).shape((3, 9, 11))
    save_mean(tmp_path / "m.binaryproto", np.zeros((3, 4, 4)))
    with pytest.raises(ShapeError, match=r"is \(3, 4, 4\), the images are \(3, 9, 11\)"):
        made(mean_file=str(tmp_path / "m.binaryproto")).shape((3, 9, 11))


def test_a_mean_file_is_found_beside_the_prototxt(tmp_path):
    save_mean(tmp_path / "m.binaryproto", np.full((3, 4, 4), 7))
    param = caffe_pb2.TransformationParameter(mean_file="m.binaryproto")
    out = np.empty((1, 3, 4, 4), np.float32)
    Transform(param, TEST, tmp_path)(np.full((1, 3, 4, 4), 9, np.uint8), out)
    assert (out == 2).all()
