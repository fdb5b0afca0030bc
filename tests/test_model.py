"""A deployed net as a function: what it takes, what it does to images, and calls from several threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import protonet
from protonet.errors import DataError, DeployError, ShapeError
from protonet.io import save_mean
from protonet.prototxt import parse
from tests.net.tools import data, ip, layer, net

cv2 = pytest.importorskip("cv2")

BODY = (
    layer("conv", "Convolution", "data", "conv",
          'convolution_param { num_output: 8 kernel_size: 3 pad: 1 weight_filler { type: "msra" } }')
    + layer("relu", "ReLU", "conv", "conv")
    + layer("pool", "Pooling", "conv", "pool", "pooling_param { pool: AVE global_pooling: true }")
    + ip("fc", "pool", "fc", 4)
    + layer("prob", "Softmax", "fc", "prob")
)  # fmt: skip
SAME = (
    layer("conv", "Convolution", "data", "y",
          'convolution_param { num_output: 1 kernel_size: 1 weight_filler { type: "constant" value: 1 } }')
)  # fmt: skip


@pytest.fixture
def pair(tmp_path):
    """(prototxt, caffemodel) of a small classifier of colour images 9 x 8."""
    made = net(data(1, 3, 9, 8) + BODY, seed=4)
    made.save(str(tmp_path / "net.caffemodel"))
    (tmp_path / "net.prototxt").write_text(data(1, 3, 9, 8) + BODY)
    return tmp_path / "net.prototxt", tmp_path / "net.caffemodel"


def seen(text=SAME, channels=1, size=(4, 5), **options):
    """A model whose output is the sum of what it sees over the channels, so that tests see what it sees."""
    text = data(1, channels, *size) + text
    weights = net(text).weights()
    return protonet.load(parse.loads(text), weights, **options)


# what it takes


def test_one_image_a_list_and_any_batch_of_arrays_are_taken(pair, rng):
    model = protonet.load(*pair)
    images = rng.integers(0, 255, (5, 9, 8, 3), np.uint8)
    x = images.transpose(0, 3, 1, 2).astype("f4")
    expected = model(x)["prob"]
    assert expected.shape == (5, 4)
    assert_allclose(expected.sum(1), 1, rtol=1e-5)
    for value, rows in (
        (images[0], expected[:1]),
        (list(images), expected),
        (tuple(images[:2]), expected[:2]),
        (x[0], expected[:1]),
        (x[:3].astype("f8"), expected[:3]),
        (x[:3].tolist(), expected[:3]),
        ({"data": x[1:]}, expected[1:]),
    ):
        assert_allclose(model(value)["prob"], rows, atol=1e-5)
    assert_allclose(model(data=x)["prob"], expected, atol=1e-6)


def test_files_are_taken(pair, rng, tmp_path):
    model = protonet.load(*pair)
    image = rng.integers(0, 255, (9, 8, 3), np.uint8)
    expected = model(image)["prob"]
    cv2.imwrite(str(tmp_path / "a.png"), image)
    x = image.transpose(2, 0, 1).astype("f4")
    np.save(tmp_path / "a.npy", x)
    np.savez(tmp_path / "one.npz", whatever=x[None])
    np.savez(tmp_path / "named.npz", data=x[None], other=x)
    for name in "a.png", "a.npy", "one.npz", "named.npz":
        assert_array_equal(model(tmp_path / name)["prob"], expected, err_msg=name)
        assert_array_equal(model(str(tmp_path / name))["prob"], expected)
    assert_array_equal(model([tmp_path / "a.png", image])["prob"], np.repeat(expected, 2, 0))


def test_further_blobs_are_kept(pair, rng):
    out = protonet.load(*pair, keep=["fc", "conv"])(rng.integers(0, 255, (9, 8, 3), np.uint8))
    assert {name: array.shape for name, array in out.items()} == {"prob": (1, 4), "fc": (1, 4), "conv": (1, 8, 9, 8)}


def test_several_inputs_are_given_by_name(rng):
    text = data(2, 3) + data(2, 3, top="more") + layer("sum", "Eltwise", "data more", "sum")
    model = protonet.load(parse.loads(text), {})
    a, b = rng.normal(size=(2, 2, 3)).astype("f4")
    assert_array_equal(model({"data": a, "more": b})["sum"], a + b)
    assert_array_equal(model(a, more=b)["sum"], a + b)
    with pytest.raises(DataError, match="no array for input 'more'"):
        model(a)
    with pytest.raises(DataError, match=r"input 'more' has shape .*: it takes arrays, no images"):
        model(a, more="a.png")


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({"dta": np.zeros((1, 3, 9, 8))}, DataError, "the net has no input 'dta': it has data"),
        (np.zeros((9, 8, 5), np.uint8), DataError, r"expected an image, uint8 .* found uint8 of \(9, 8, 5\)"),
        (np.zeros((1, 4, 9, 8), "f4"), ShapeError, "its weights are"),
        ("gone.png", DataError, "gone.png"),
        ("gone.npz", DataError, "gone.npz: cannot be read"),
    ],
)
def test_what_it_cannot_take_is_refused(value, error, message, pair):
    with pytest.raises(error, match=message):
        protonet.load(*pair)(value)


def test_an_npz_of_other_names_is_refused(pair, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(1), y=np.zeros(1))
    with pytest.raises(DataError, match=r"a\.npz: holds x, y, none of them named 'data'"):
        protonet.load(*pair)(tmp_path / "a.npz")


def test_a_net_that_brings_its_own_data_is_refused():
    text = 'layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 } } }'
    with pytest.raises(DeployError, match="brings its own data"):
        protonet.load(parse.loads(text), {})


# what it does to images


def test_grey_and_colour_become_what_the_net_takes(rng):
    colour = rng.integers(0, 255, (4, 5, 3), np.uint8)
    grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
    alpha = np.dstack([colour, np.full((4, 5), 7, np.uint8)])
    one, three = seen(), seen(channels=3)
    for image in colour, alpha, grey, grey[:, :, None]:
        assert_allclose(one(image)["y"][0, 0], grey, atol=1e-3)
    assert_allclose(three(grey)["y"][0, 0], 3.0 * grey, atol=1e-3)
    for image in colour, alpha:
        assert_allclose(three(image)["y"][0, 0], colour.sum(2, dtype="f4"), atol=1e-3)


def test_mean_and_scale_are_the_callers_over_the_prototxts(rng, tmp_path):
    image = rng.integers(0, 255, (4, 5), np.uint8)
    x = image.astype("f4")
    save_mean(tmp_path / "mean.binaryproto", np.full((1, 4, 5), 9, "f4"))
    assert_allclose(seen(mean=100, scale=0.5)(image)["y"][0, 0], (x - 100) * 0.5, atol=1e-4)
    assert_allclose(seen(mean=[3])(image)["y"][0, 0], x - 3, atol=1e-4)
    assert_allclose(seen(mean=tmp_path / "mean.binaryproto")(image)["y"][0, 0], x - 9, atol=1e-4)
    with pytest.raises(ShapeError, match="3 values in mean_value for images of 1 channels"):
        seen(mean=[1, 2, 3])


def test_what_the_prototxt_carries_is_done_and_may_be_overridden(rng, tmp_path):
    from protonet.prototxt import carried

    given = carried.Carried(resize=(6, 9))
    given.transform.scale = 0.5
    given.transform.mean_value.append(10)
    text = data(1, 1, 4, 5) + SAME
    (tmp_path / "net.prototxt").write_text(carried.write({"data": given}) + text)
    net(text).save(str(tmp_path / "net.caffemodel"))
    image = rng.integers(0, 255, (20, 30), np.uint8)
    whole = cv2.resize(image, (9, 6)).astype("f4")
    model = protonet.load(tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    assert_allclose(model(image)["y"][0, 0], (whole[1:5, 2:7] - 10) * 0.5, atol=1e-4)
    model = protonet.load(tmp_path / "net.prototxt", tmp_path / "net.caffemodel", mean=0, scale=1, resize=(4, 5))
    assert_allclose(model(image)["y"][0, 0], cv2.resize(image, (5, 4)), atol=1e-4)


def test_the_middle_is_taken_of_a_resized_image(rng):
    image = rng.integers(0, 255, (13, 17), np.uint8)
    model = seen(resize=(7, 8))
    assert_allclose(model(image)["y"][0, 0], cv2.resize(image, (8, 7))[1:5, 1:6], atol=1e-4)
    with pytest.raises(DataError, match="an image of 3 x 5 is smaller than the net's input, 4 x 5"):
        seen(resize=(3, 5))(image)


def test_a_mean_image_says_what_size_images_had(rng, tmp_path):
    """Caffe's own models come with a mean of 256 x 256 for inputs of 227 x 227."""
    mean = rng.uniform(0, 255, (1, 8, 9)).astype("f4")
    save_mean(tmp_path / "mean.binaryproto", mean)
    image = rng.integers(0, 255, (30, 30), np.uint8)
    expected = cv2.resize(image, (9, 8)) - mean[0]
    assert_allclose(seen(mean=tmp_path / "mean.binaryproto")(image)["y"][0, 0], expected[2:6, 2:7], atol=1e-3)


def test_red_comes_first_where_the_net_wants_it(rng):
    image = rng.integers(0, 255, (4, 5, 3), np.uint8)
    text = layer("s", "Slice", "data", "a b c") + layer("q", "Silence", "b c") + layer("p", "Power", "a", "y")
    for rgb, channel in (False, 0), (True, 2):
        assert_array_equal(seen(text, 3, rgb=rgb)(image)["y"][0, 0], image[:, :, channel])


# threads


def test_calls_from_eight_threads_give_what_one_gives(pair, rng):
    model = protonet.load(*pair)
    xs = [rng.normal(size=(1 + i % 3, 3, 9, 8)).astype("f4") for i in range(40)]
    alone = [model(x)["prob"] for x in xs]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            for one, other in zip(alone, pool.map(lambda x: model(x)["prob"], xs), strict=True):
                assert_array_equal(one, other)


def test_images_may_come_from_several_threads_too(pair, rng):
    model = protonet.load(*pair, mean=[1, 2, 3], scale=0.1, resize=(12, 11))
    images = [rng.integers(0, 255, (10 + i, 14, 3), np.uint8) for i in range(16)]
    alone = [model(image)["prob"] for image in images]
    with ThreadPoolExecutor(8) as pool:
        for one, other in zip(alone, pool.map(lambda image: model(image)["prob"], images), strict=True):
            assert_array_equal(one, other)


def test_the_number_of_threads_changes_no_bit(pair, rng):
    x = rng.normal(size=(3, 3, 9, 8)).astype("f4")
    one, two, three = (protonet.load(*pair, threads=n)(x)["prob"] for n in (1, 2, 3))
    assert_array_equal(one, two)
    assert_array_equal(one, three)
