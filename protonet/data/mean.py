"""The mean image of a database, as compute_image_mean computes it.  (Caffe sums in float32; here sums are exact.)"""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from protonet.data.database import open_database
from protonet.data.datum import Reader
from protonet.errors import DataError, ProtonetError
from protonet.io.mean import encode
from protonet.proto import caffe_pb2

GROUP = 128


def mean_image(path: str | Path, progress: Callable[[int], Any] | None = None) -> np.ndarray:
    """(C, H, W) float32: the mean of all images, which must be of one size.  progress: called with how many."""
    database = open_database(path)
    records, reader, count = database.records(), Reader(), 0
    total: Any = None
    try:
        while group := list(islice(records, GROUP)):
            images, _ = reader.read(group)
            shape = total.shape if total is not None else images[0].shape
            if total is None:
                total = np.zeros(shape)
            for image, (key, _) in zip(images, group, strict=True):
                if image.shape != shape:
                    name = bytes(key).decode(errors="replace")
                    raise DataError(
                        f"record '{name}' is {image.shape}, those before it are {shape}; "
                        "a mean image needs images of one size (resize them when you convert)"
                    )
            for image in [images.sum(0, np.float64)] if isinstance(images, np.ndarray) else images:
                total += image
            count += len(group)
            if progress:
                progress(count)
    except ProtonetError as error:
        raise error.at(path) from None
    finally:
        del records
        database.close()
    return (total / count).astype(np.float32)


def mean_of(path: str | Path, progress: Callable[[int], Any] | None = None) -> Any:
    """The same as a BlobProto: what goes into a mean.binaryproto."""
    return caffe_pb2.BlobProto.FromString(encode(mean_image(path, progress)))
