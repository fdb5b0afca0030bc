"""Files of numbers: weights, solver states, means, images, arrays.

Each is told by its content; what is no such file is refused by what it is; none is written half.
"""

from pathlib import Path
from typing import Any

from protonet.errors import WeightsError
from protonet.io import caffemodel, hdf5
from protonet.io.mean import load_mean, save_mean
from protonet.io.sniff import what_is
from protonet.io.solverstate import SolverState, load_solverstate, save_solverstate
from protonet.io.weights import Match, Weights, match

__all__ = [
    "Match",
    "SolverState",
    "Weights",
    "load_mean",
    "load_solverstate",
    "load_weights",
    "match",
    "save_mean",
    "save_solverstate",
    "save_weights",
]


def load_weights(path: str | Path) -> Weights:
    """The weights of a .caffemodel (of any age) or a .caffemodel.h5, told apart by content."""
    try:
        return hdf5.read(path) if what_is(path) == "an HDF5 file" else caffemodel.read(path)
    except OSError as error:
        raise WeightsError(f"cannot be read: {error.strerror or error}", path) from None


def save_weights(
    path: str | Path, weights: Weights, net: Any = None, diffs: bool = False, shared: Any = frozenset()
) -> None:
    """Write weights: HDF5 if the name ends in .h5, else a caffemodel.

    `net` is the NetParameter whose layers they belong to (a caffemodel carries it); `diffs` adds the gradients;
    the (layer, index) in `shared` belong to another layer, which HDF5 writes once.
    """
    if Path(path).suffix == ".h5":
        hdf5.write(path, weights, [layer.name for layer in net.layer] if net else (), diffs, shared)
    else:
        caffemodel.write(path, weights, net, diffs)
