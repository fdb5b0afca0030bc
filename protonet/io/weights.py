"""Weights: trained numbers by layer name, and Caffe's rules for giving them to a net.

Both file formats (caffemodel.py, hdf5.py) read into this and write from it; Net, passes and solvers use it.
A layer of the file goes to the layer of the same name, whatever its type; number and shapes of its blobs must agree,
where shapes of up to four axes agree with their old four-axis form: (20,) with (1, 1, 1, 20).
(Caffe asks that only of files that have the old form.  The numbers are the same either way.)
"""

import logging
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from protonet.errors import WeightsError

log = logging.getLogger(__name__)


class Weights(dict[str, list[np.ndarray]]):
    """Layer name -> its float32 arrays, in the order of the file.  source: where from; diffs: gradients, if kept."""

    def __init__(self, layers: Mapping[str, Iterable[np.ndarray]] | None = None, source: str | Path = ""):
        super().__init__({name: [np.asarray(a, np.float32) for a in arrays] for name, arrays in (layers or {}).items()})
        self.source = str(source)
        self.diffs: dict[str, list[np.ndarray]] = {}

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return sum(array.size for arrays in self.values() for array in arrays)

    def copy(self) -> "Weights":
        """The same numbers in memory of their own."""
        copied = Weights({name: [array.copy() for array in arrays] for name, arrays in self.items()}, self.source)
        copied.diffs = {name: [array.copy() for array in arrays] for name, arrays in self.diffs.items()}
        return copied


@dataclass
class Match:
    """What of a file a net takes.  `arrays` has the net's shapes: {layer: {index of blob: array}}."""

    copied: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)  # in the file, not in the net
    fresh: list[str] = field(default_factory=list)  # in the net with parameters, not in the file
    arrays: dict[str, dict[int, np.ndarray]] = field(default_factory=dict)

    def __str__(self):
        parts = [f"{len(self.copied)} layers copied"]
        rest = {"ignored": self.ignored, "fresh": self.fresh}
        parts += [f"{what}: {', '.join(names)}" for what, names in rest.items() if names]
        return "; ".join(parts)


def match(weights: Weights, blobs: Mapping[str, Iterable], shared: Container[tuple[str, int]] = frozenset()) -> Match:
    """Which numbers go where.  blobs: for each layer of the net, its parameter blobs (or their shapes).

    shared: the (layer, index) that belong to another layer: an HDF5 file leaves those out.
    Raises WeightsError, naming both shapes, where a layer of the file is another one than the net's.
    """
    result = Match()
    for name in weights:
        if weights[name] and name not in blobs:
            result.ignored.append(name)
            log.info("ignoring layer '%s' of %s: the net has none", name, weights.source or "the weights")
    for name, wanted in blobs.items():
        shapes = [tuple(getattr(blob, "shape", blob)) for blob in wanted]
        arrays = weights.get(name) or []
        if not arrays:
            if not all((name, i) in shared for i in range(len(shapes))):
                result.fresh.append(name)
            continue
        try:
            result.arrays[name] = fitted(arrays, shapes, [(name, i) in shared for i in range(len(shapes))])
        except WeightsError as error:
            where = f"{weights.source}: layer '{name}'" if weights.source else f"layer '{name}'"
            raise error.at(where) from None
        result.copied.append(name)
    return result


def fitted(arrays: list[np.ndarray], shapes: list[tuple[int, ...]], shared: list[bool]) -> dict[int, np.ndarray]:
    """The arrays of one layer in the shapes its blobs have."""
    own = [i for i, other in enumerate(shared) if not other]
    if len(arrays) == len(shapes):
        at = list(range(len(shapes)))
    elif len(arrays) == len(own):
        at = own
    else:
        raise WeightsError(
            f"the file has {counted(arrays)}, the net wants {counted(shapes)}; "
            "rename the layer to learn it from scratch, or give it the parameters (bias_term, ...) it was trained with"
        )
    found = {}
    for i, array in zip(at, arrays, strict=True):
        if not same(array.shape, shapes[i]):
            raise WeightsError(
                f"blob {i} is {array.shape} in the file, the net wants {shapes[i]}; "
                "rename the layer to learn it from scratch, or make its parameters those it was trained with"
            )
        found[i] = array.reshape(shapes[i])
    return found


def same(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes are one, or are with ones put before them up to four axes."""
    return one == other or (len(one) <= 4 and len(other) <= 4 and legacy(one) == legacy(other))


def legacy(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (1,) * (4 - len(shape)) + tuple(shape)


def counted(blobs: list) -> str:
    if not blobs:
        return "none"
    shapes = ", ".join(str(tuple(getattr(blob, "shape", blob))) for blob in blobs)
    return f"{len(blobs)} blob{'' if len(blobs) == 1 else 's'}: {shapes}"
