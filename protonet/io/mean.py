"""Mean images: the .binaryproto of compute_image_mean (a single blob), or a .npy.

Channels first, BGR as the pixels are.  The blob is (1, C, H, W) in the old four fields.
"""

from pathlib import Path

import numpy as np

from protonet.errors import WeightsError
from protonet.io import blob, wire
from protonet.io.arrays import load_npy
from protonet.io.atomic import replacing
from protonet.io.sniff import what_is


def load_mean(path: str | Path) -> np.ndarray:
    """The mean as (C, H, W) float32; a .npy may hold (C,) as well, which is (C, 1, 1)."""
    try:
        what = what_is(path)
        if what == "a NumPy array (.npy)":
            mean = np.asarray(load_npy(path), np.float32)
        elif what:
            raise WeightsError(f"expected a mean image (.binaryproto or .npy), found {what}", path)
        else:
            mean = blob.read(Path(path).read_bytes()).data
    except wire.Broken as error:
        raise WeightsError(f"expected a mean image, found no protobuf message ({error})", path) from None
    except OSError as error:
        raise WeightsError(f"mean file cannot be read: {error.strerror}", path) from None
    except WeightsError as error:
        raise error if error.where else error.at(path) from None
    if mean.ndim == 4 and mean.shape[0] == 1:
        mean = mean[0]
    if mean.ndim == 1 and what:
        mean = mean.reshape(-1, 1, 1)
    if mean.ndim != 3 or not mean.size:
        raise WeightsError(f"expected a mean image of shape (C, H, W), found {mean.shape}", path)
    return mean


def save_mean(path: str | Path, mean: np.ndarray) -> None:
    """Write (C, H, W) as Caffe's tool does, or as .npy if the name ends so."""
    mean = np.asarray(mean, np.float32)
    with replacing(path) as aside, aside.open("wb") as file:
        if Path(path).suffix == ".npy":
            np.save(file, mean)
        else:
            file.write(encode(mean))


def encode(mean: np.ndarray) -> bytes:
    """The BlobProto, in the four old fields: every program that reads means knows those."""
    dims = b"".join(wire.field(axis + 1, wire.VARINT, dim) for axis, dim in enumerate((1, *mean.shape)))
    return dims + wire.field(blob.DATA, wire.BYTES, np.ascontiguousarray(mean, "<f4").tobytes())
