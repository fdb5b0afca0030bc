"""The .caffemodel.h5: a group for every layer of the net, in it the blobs "0", "1", ... of those that have any.

    data/LAYER/I       numbers; a parameter shared by two layers stands at its owner only
    diff/LAYER/I       gradients, if the solver was asked for them (snapshot_diff)

A layer called inception_3a/1x1 lies two groups deep.  (Caffe reads that, but fails to write it.)
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from protonet.errors import ProtonetError, WeightsError
from protonet.io.atomic import replacing
from protonet.io.sniff import what_is
from protonet.io.weights import Weights
from protonet.runtime import limit

MOST = 1100  # times its size that a file may unpack to: deflate reaches 1032


def read(path: str | Path) -> Weights:
    with opened(path, "weights in HDF5") as file:
        if "data" not in file:
            inside = ", ".join(sorted(file)[:5]) or "nothing"
            raise WeightsError(
                f"expected a group 'data' with Caffe's layers, found {inside}: another program's file", path
            )
        weights = Weights(source=path)
        for name, arrays in layers(file["data"]):
            weights[name] = arrays
        if "diff" in file:
            weights.diffs = {name: arrays for name, arrays in layers(file["diff"]) if arrays}
    return weights


@contextmanager
def opened(path: str | Path, expected: str) -> Iterator[Any]:
    """An HDF5 file to read; whatever HDF5 stumbles over in it is an error of ours."""
    what = what_is(path)
    if what != "an HDF5 file":
        raise WeightsError(f"expected {expected}, found {what or 'something that is not HDF5'}", path)
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except ProtonetError as error:
        raise error if str(path) in error.where else error.at(path) from None
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise WeightsError(f"a damaged HDF5 file, a truncated download? ({error})", path) from None


def layers(group: Any, prefix: str = "") -> Iterator[tuple[str, list[np.ndarray]]]:
    """(name, arrays) of each layer at or below a group."""
    import h5py

    for name, item in group.items():
        if not isinstance(item, h5py.Group):
            continue
        blobs = {int(key): item[key] for key in item if key.isdigit() and isinstance(item[key], h5py.Dataset)}
        full = prefix + name
        if blobs or not any(isinstance(inner, h5py.Group) for inner in item.values()):
            yield full, [array(blobs[i], f"layer '{full}': blob {i}") for i in sorted(blobs)]
        yield from layers(item, full + "/")


def array(dataset: Any, what: str) -> np.ndarray:
    """A dataset as float32."""
    check(dataset, what)
    return np.asarray(dataset[()], np.float32)


def check(dataset: Any, what: str) -> None:
    """Refuse what is no dataset of numbers, or says it has more of them than the file or the memory can hold."""
    if getattr(dataset, "shape", None) is None:  # a group, or a dataset that says it has no value
        raise WeightsError(f"{what}: expected numbers, found {'a group' if hasattr(dataset, 'keys') else 'none'}")
    if dataset.dtype.kind not in "fiu":
        raise WeightsError(f"{what}: expected numbers, found {dataset.dtype}")
    if dataset.nbytes > MOST * max(1, dataset.id.get_storage_size()):
        raise WeightsError(
            f"{what}: {dataset.shape} is announced, but {dataset.id.get_storage_size()} bytes are stored"
        )
    limit.need(dataset.nbytes + 4 * dataset.size, f"{what}, of shape {dataset.shape},")


def write(
    path: str | Path,
    weights: Weights,
    names: Iterable[str] = (),
    diffs: bool = False,
    shared: Iterable[tuple[str, int]] = (),
) -> None:
    """Write weights.  names: all layers of the net, in order; shared: the (layer, index) that stand at their owner."""
    import h5py

    skip = set(shared)
    with replacing(path) as aside, h5py.File(aside, "w") as file:
        for title, numbers in (("data", weights), ("diff", weights.diffs if diffs else {})):
            if title == "diff" and not diffs:
                continue
            group = file.create_group(title)
            for name in dict.fromkeys([*names, *numbers]):
                layer = group.require_group(name)
                for i, one in enumerate(numbers.get(name, [])):
                    if (name, i) not in skip:
                        layer.create_dataset(str(i), data=np.asarray(one, "<f4"))
