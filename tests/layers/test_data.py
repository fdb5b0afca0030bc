"""The Data layer: shapes, phases, draws, and what happens around the thread that works ahead.  Pixels: tests/data."""

import gc
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.data import convert
from protonet.data.datum import encoded
from protonet.data.store import store
from protonet.errors import ProtonetError
from protonet.io import images
from protonet.layers import TEST, TRAIN
from tests.tools import layer

N = 10


@pytest.fixture
def database(tmp_path, rng):
    """Ten images; a pixel of image i is 10 i + its column, so that a crop tells where it was taken."""
    pixels = np.arange(N)[:, None, None, None] * 10 + np.zeros((1, 3, 6, 1), int) + np.arange(6)
    convert.write(tmp_path / "db", pixels.astype(np.uint8), range(N))
    return tmp_path / "db"


def made(database, more="", transform="", tops='top: "data" top: "label"', phase=TRAIN, **options):
    text = (
        f'type: "Data" {tops} transform_param {{ {transform} }} data_param {{ source: "{database.as_posix()}" {more} }}'
    )
    return layer(text, phase=phase, **options)


def labels(it, count):
    return np.concatenate([it.forward()[1].copy() for _ in range(count)]).astype(int).tolist()


@pytest.mark.parametrize("backend", ["LMDB", "LEVELDB"])
def test_images_and_labels_come_round_whatever_backend_says(database, backend):
    it = made(database, f"batch_size: 4 backend: {backend}")
    data, label = it.forward()
    assert data.shape == (4, 3, 6, 6)
    assert label.shape == (4,)
    assert_array_equal(data[:, 0, 0, 0], 10 * label)
    assert labels(it, 4) == [4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_labels_may_be_left_out(database):
    (data,) = made(database, "batch_size: 4", tops='top: "data"').forward()
    assert_array_equal(data[:, 0, 0, 0], [0, 10, 20, 30])


def test_crops_are_random_in_training_and_in_the_middle_in_testing(database):
    def lefts(phase):
        it = made(database, "batch_size: 10", "crop_size: 3", phase=phase)
        return {int(x) % 10 for _ in range(5) for x in it.forward()[0][:, 0, 0, 0]}

    assert lefts(TEST) == {1}
    assert lefts(TRAIN) == {0, 1, 2, 3}


def run(database, count, seed=1, start=0, text="crop_size: 4 mirror: true"):
    it = made(database, "batch_size: 10", text)
    batches = []
    for i in range(start, start + count):
        it.random[:] = seed, i
        batches.append(it.forward()[0].copy())
    return batches


def test_a_seed_repeats_what_is_drawn_and_another_does_not(database):
    assert_array_equal(run(database, 3), run(database, 3))
    assert not np.array_equal(run(database, 1), run(database, 1, seed=2))


def test_a_resumed_run_draws_what_the_uninterrupted_one_would_have_drawn(database):
    assert_array_equal(run(database, 5)[3:], run(database, 2, start=3))


def test_making_the_steps_again_does_not_begin_the_data_again(database):
    it = made(database, "batch_size: 4")
    it.forward()
    from protonet.runtime.step import Buffer, Emit

    emit = Emit(random=Buffer((2,), "own", "random", "int64", memory=it.random))
    it.layer.forward(emit.of(it.layer, [], 7), *it._tops)
    (step,) = emit.steps
    data, label = np.empty((4, 3, 6, 6), np.float32), np.empty(4, np.float32)
    step.kernel(it.random, data, label)
    assert label.tolist() == [4, 5, 6, 7]


def test_a_fork_may_ask_for_another_order_in_every_epoch(database):
    it = made(database, "batch_size: 5 shuffle: true")
    data, label = it.forward()
    assert_array_equal(data[:, 0, 0, 0], 10 * label)
    first = [*label.astype(int).tolist(), *labels(it, 1)]
    second = labels(it, 2)
    assert sorted(first) == sorted(second) == list(range(N))
    assert first != second != list(range(N))


def test_rand_skip_begins_anywhere_below(database):
    begun = set()
    for seed in range(40):
        it = made(database, "batch_size: 1 rand_skip: 3", phase=TEST)
        it.random[0] = seed
        begun |= set(labels(it, 1))
    assert begun == {0, 1, 2}


def test_paths_are_looked_for_beside_the_prototxt(database, tmp_path):
    from protonet.layers import make
    from protonet.proto import caffe_pb2

    param = caffe_pb2.LayerParameter(name="d", type="Data", top=["data"])
    param.data_param.source, param.data_param.batch_size = "db", 2
    it = make(param, TEST)
    it.folder = tmp_path
    assert it.infer() == [(2, 3, 6, 6)]


def test_a_forgotten_net_leaves_no_thread(database):
    it = made(database, "batch_size: 4")
    it.forward()
    del it
    deadline = time.monotonic() + 5
    while [t for t in threading.enumerate() if t.name == "protonet data"] and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    assert not [t for t in threading.enumerate() if t.name == "protonet data"]


def test_encoded_images_are_decoded_in_the_colours_asked_for(tmp_path, rng):
    picture = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    gray = images.decode(images.encode(picture), False)
    store(tmp_path / "c", [(b"a", encoded(images.encode(picture), 3))])
    store(tmp_path / "g", [(b"a", encoded(images.encode(gray), 3))])
    assert_array_equal(made(tmp_path / "c", "batch_size: 2").forward()[0][1], picture.transpose(2, 0, 1))
    assert_array_equal(made(tmp_path / "c", "batch_size: 2", "force_gray: true").forward()[0][0, 0], gray[:, :, 0])
    for more, transform in (("", "force_color: true"), ("force_encoded_color: true", "")):
        assert made(tmp_path / "g", f"batch_size: 2 {more}", transform).forward()[0].shape == (2, 3, 5, 5)
    assert made(tmp_path / "g", "batch_size: 2").forward()[0].shape == (2, 1, 5, 5)


def test_single_encoded_images_may_each_have_their_size(tmp_path):
    sizes = [(5, 5), (7, 4), (7, 4), (3, 9)]
    files = [images.encode(np.full((*size, 3), i, np.uint8)) for i, size in enumerate(sizes)]
    store(tmp_path / "db", [(b"%d" % i, encoded(file, i)) for i, file in enumerate(files)])
    it = made(tmp_path / "db", "batch_size: 1").layer
    assert it.dynamic
    for i in (0, 1, 2, 3, 0):
        data, label = it.compute()
        assert data.shape == (1, 3, *sizes[i])
        assert label == i
    with pytest.raises(ProtonetError, match=r"images of different sizes need crop_size"):
        made(tmp_path / "db", "batch_size: 2").forward()


def test_raw_images_have_one_size_also_one_by_one(database):
    assert not made(database, "batch_size: 1").layer.dynamic


@pytest.mark.parametrize(
    ("more", "transform", "why"),
    [
        ("", "", "Data needs data_param.batch_size"),
        ("batch_size: 2", "crop_size: 7", "db: record '00000000': crop_size 7 x 7 is larger than the image, 6 x 6"),
        ("batch_size: 2", "mean_value: 1 mean_value: 2", "2 values in mean_value for images of 3 channels"),
        ("batch_size: 2 cache: true slice_point: 3", "", r"DataParameter.slice_point is a fork's, and not done here"),
        ("batch_size: 2", "scale_factors: 2", r"TransformationParameter.scale_factors is a fork's"),
        ("batch_size: 2", 'mean_file: "none.binaryproto"', r"none.binaryproto: mean file cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(database, more, transform, why):
    with pytest.raises(ProtonetError, match=why):
        made(database, more, transform)


def test_a_missing_source_is_refused(tmp_path):
    with pytest.raises(ProtonetError, match=r"Data needs data_param.source"):
        layer('type: "Data" top: "x" data_param { batch_size: 2 }')
    with pytest.raises(ProtonetError, match="none: there is no such database"):
        made(tmp_path / "none", "batch_size: 2")


def test_a_record_that_turns_out_bad_is_named_when_its_batch_is_asked_for(tmp_path):
    good = encoded(images.encode(np.zeros((4, 4, 3), np.uint8)), 0)
    store(tmp_path / "db", [(b"a", good), (b"b", good), (b"c", encoded(b"no image", 0)), (b"d", good)])
    it = made(tmp_path / "db", "batch_size: 2")
    it.forward()
    for _ in range(2):
        with pytest.raises(ProtonetError, match="db: record 'c': expected an image"):
            it.forward()


def test_no_more_is_read_ahead_than_memory_takes(database):
    with pytest.raises(ProtonetError, match=r"Data, with 2147483647 batches read ahead, needs .* make it smaller"):
        made(database, "batch_size: 4 prefetch: 2147483647").forward()
