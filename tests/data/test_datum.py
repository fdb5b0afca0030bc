from contextlib import suppress
from math import prod

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.data.datum import SMALL, Reader, encoded, parse, raw
from protonet.errors import DataError
from protonet.io import images
from protonet.proto import caffe_pb2


def proto(**fields):
    return caffe_pb2.Datum(**fields).SerializeToString()


def test_raw_pixels_and_label_are_read(rng):
    pixels = rng.integers(0, 256, (3, 4, 5), dtype=np.uint8)
    for value in (proto(channels=3, height=4, width=5, data=pixels.tobytes(), label=300), raw(pixels, 300)):
        datum = parse(value)
        assert datum.label == 300
        assert_array_equal(datum.image(), pixels)


def test_what_is_written_is_what_protobuf_reads(rng):
    pixels = rng.integers(0, 256, (3, 4, 5), dtype=np.uint8)
    assert caffe_pb2.Datum.FromString(raw(pixels, -1)).label == -1
    message = caffe_pb2.Datum.FromString(encoded(b"jpeg", 7))
    assert (message.data, message.label, message.encoded) == (b"jpeg", 7, True)


def test_floats_are_read_wherever_the_label_stands():
    floats = np.array([1.5, -2, 3e30, 0, 7, 1], np.float32)
    value = proto(channels=1, height=2, width=3, float_data=floats, label=4)
    for data in (value, value + proto(label=9), proto(label=9) + value):
        datum = parse(data)
        assert datum.label == (9 if data.endswith(b"\x09") else 4)
        assert_array_equal(datum.image().ravel(), floats)
        assert datum.image().dtype == np.float32


def test_pixels_win_over_floats():
    assert parse(proto(channels=1, height=1, width=1, data=b"a", float_data=[1])).image()[0, 0, 0] == ord("a")


@pytest.mark.parametrize(("color", "channels"), [(None, 3), (True, 3), (False, 1)])
def test_encoded_images_are_decoded_as_asked(color, channels, rng):
    picture = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    image = parse(encoded(images.encode(picture), 2)).image(color)
    assert image.shape == (channels, 4, 5)
    if color is not False:
        assert_array_equal(image, picture.transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (proto(channels=1, height=2, width=2, data=b"abc"), r"says it is \(1, 2, 2\), which is 4, and holds 3"),
        (proto(channels=1, height=2, width=2), "holds 0"),
        (proto(data=b"abc"), r"says it is \(0, 0, 0\)"),
        (proto(channels=-1, height=-1, width=1, data=b"a"), r"says it is \(-1, -1, 1\)"),
        (proto(data=b"nothing", encoded=True), "cannot decode"),
        (b"\x22\x7fabc", "expected a Datum"),
        (b"\xff\xff", "expected a Datum"),
    ],
)
def test_what_is_no_image_is_refused(value, why):
    with pytest.raises(DataError, match=why):
        parse(value).image()


def numbered(values):
    return [(b"%08d" % i, memoryview(value)) for i, value in enumerate(values)]


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 8, 8), (3, 80, 80)])
def test_batches_are_read_alike_whichever_way(shape, rng):
    assert (prod(shape) > SMALL) is (shape == (3, 80, 80))
    pixels = rng.integers(0, 256, (20, *shape), dtype=np.uint8)
    labels = [0, 1, 127, 128, 40000, *range(15)]
    reader = Reader()
    for start in range(0, 20, 5):
        values = [raw(pixels[i], labels[i], encoded_field=i % 2 == 0) for i in range(start, start + 5)]
        got, found = reader.read(numbered(values))
        assert found == labels[start : start + 5]
        assert_array_equal(np.stack(list(got)), pixels[start : start + 5])
    assert isinstance(got, np.ndarray) is (shape != (3, 80, 80))


def test_a_batch_of_small_images_may_hold_others_too(rng):
    small = rng.integers(0, 256, (3, 1, 4, 4), dtype=np.uint8)
    reader = Reader()
    reader.read(numbered([raw(image, 1) for image in small]))
    odd = encoded(images.encode(small[0, 0]), 5)
    other = raw(small[:1, 0, :2], 6)
    floats = proto(channels=1, height=2, width=2, float_data=[1, 2, 3, 4], label=7)
    got, labels = reader.read(numbered([raw(small[0], 1), odd, other, floats]))
    assert labels == [1, 5, 6, 7]
    assert [image.shape for image in got] == [(1, 4, 4), (1, 4, 4), (1, 2, 4), (1, 2, 2)]


def test_pixels_that_end_early_are_not_taken_from_the_next_record(rng):
    image = rng.integers(0, 256, (1, 4, 4), dtype=np.uint8)
    good, reader = raw(image, 1), Reader()
    reader.read(numbered([good, good]))
    with pytest.raises(DataError, match="record '00000001': expected a Datum"):
        reader.read(numbered([good, good[:15]]))


def test_a_bad_record_is_named():
    with pytest.raises(DataError, match="record '00000001': a datum says"):
        Reader().read(numbered([raw(np.zeros((1, 2, 2), np.uint8), 0), proto(channels=9, data=b"a")]))


def test_any_bytes_end_in_a_datum_or_in_an_error(rng):
    seeds = [
        raw(np.zeros((1, 2, 2), np.uint8), 300),
        proto(channels=1, height=2, width=2, float_data=[1, 2, 3, 4], label=1),
        encoded(b"\x89PNG", 1),
    ]
    for _ in range(3000):
        data = bytearray(seeds[rng.integers(3)])
        for at in rng.integers(len(data), size=rng.integers(1, 4)):
            data[at] = rng.integers(256)
        with suppress(DataError):
            parse(bytes(data)).image()
