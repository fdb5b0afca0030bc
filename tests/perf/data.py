"""How fast data come: python -m tests.perf.data

Images a second and GB/s of floats written, on one core (`fill`), and as a net gets them through the thread that works
ahead (`feed`, which adds a copy); beside them a plain copy of as many floats: what memory allows.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from protonet.data import convert, datum
from protonet.data.batches import DatabaseBatches
from protonet.data.draws import Draws
from protonet.data.feed import Feed
from protonet.data.store import store
from protonet.data.transform import Transform
from protonet.io import images
from protonet.proto import caffe_pb2

TRAIN, TEST = 0, 1
ROUNDS = 5
MEAN = {"mean_value": [104.0, 117.0, 123.0]}
CASES = [  # (name, database, batch, phase, transform_param)
    ("28 x 28 gray", "small", 64, TEST, {}),
    ("28 x 28 gray, scale", "small", 64, TRAIN, {"scale": 1 / 256}),
    ("28 x 28 gray, scale, crop 24, mirror", "small", 64, TRAIN, {"scale": 1 / 256, "crop_size": 24, "mirror": True}),
    ("256 x 256 colour", "large", 32, TEST, {}),
    ("256 x 256 colour, crop 227, mean", "large", 32, TEST, {"crop_size": 227, **MEAN}),
    ("256 x 256 colour, crop 227, mean, mirror", "large", 32, TRAIN, {"crop_size": 227, "mirror": True, **MEAN}),
    ("256 x 256 colour, crop 227, mean, scale", "large", 32, TRAIN, {"crop_size": 227, "scale": 0.017, **MEAN}),
    ("256 x 256 JPEG, crop 227, mean", "jpeg", 32, TRAIN, {"crop_size": 227, **MEAN}),
]


def databases(folder):
    rng = np.random.default_rng(0)
    convert.write(folder / "small", rng.integers(0, 256, (20_000, 1, 28, 28), dtype=np.uint8), np.arange(20_000) % 10)
    large = rng.integers(0, 256, (512, 3, 256, 256), dtype=np.uint8)
    convert.write(folder / "large", large, np.arange(512) % 1000)
    ramp = np.add.outer(np.arange(256), np.arange(256)).astype(np.uint8)[:, :, None].repeat(3, 2)
    files = [images.encode(ramp + rng.integers(0, 20, ramp.shape, dtype=np.uint8), "jpg") for _ in range(64)]
    store(folder / "jpeg", ((b"%08d" % i, datum.encoded(files[i % 64], i)) for i in range(256)))


def rate(function, count):
    """The best of some rounds, as count / time."""
    best = 0.0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        best = max(best, count / (time.perf_counter() - start))
    return best


def measure(folder, name, database, size, phase, param):
    n = max(1, {"small": 20_000, "large": 1024, "jpeg": 256}[database] // size)
    transform = Transform(caffe_pb2.TransformationParameter(**param), phase)

    def opened(draws):
        return DatabaseBatches(folder / database, transform, size, 2, draws)

    batches = opened(Draws(1, 2))
    out = [np.zeros(shape, np.float32) for shape in batches.shapes]
    at = iter(range(1 << 30))
    fill = rate(lambda: [batches.fill(next(at), out) for _ in range(n)], n * size)
    feed = Feed(opened, 2)
    clock = np.zeros(2, np.int64)
    fed = rate(lambda: [feed(clock, *out) for _ in range(n)], n * size)
    feed.close()
    batches.close()
    other = out[0].copy()
    copied = rate(lambda: [np.copyto(other, out[0]) for _ in range(n)], n * size)
    each = out[0][0].nbytes / 1e9
    print(
        f"{name:42}{fill:10,.0f} {fill * each:6.2f}   {fed:10,.0f} {fed * each:6.2f}   {copied * each:6.2f}", flush=True
    )


def main():
    print(f"{'':42}{'fill: images/s':>14} GB/s   feed: images/s GB/s   copy GB/s")
    with tempfile.TemporaryDirectory() as folder:
        databases(Path(folder))
        for case in CASES:
            measure(Path(folder), *case)


if __name__ == "__main__":
    main()
