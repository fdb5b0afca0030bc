"""Solver states: where training stood, beside the weights.  Caffe's two formats, exact both ways.

    .solverstate       SolverState: iter (1), learned_net (2), history (3, one blob each), current_step (4)
    .solverstate.h5    iter, learned_net, current_step, and history/0, history/1, ...

`history` is the momentum of each parameter; AdaDelta and Adam put a second array per parameter after all the first.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from protonet.errors import WeightsError
from protonet.io import blob, hdf5, wire
from protonet.io.atomic import replacing
from protonet.io.sniff import what_is

ITER, LEARNED_NET, HISTORY, CURRENT_STEP = 1, 2, 3, 4


@dataclass
class SolverState:
    iter: int = 0
    learned_net: str = ""  # the file of the weights, as the run that wrote it saw it
    history: list[np.ndarray] = field(default_factory=list)
    current_step: int = 0


def load_solverstate(path: str | Path) -> SolverState:
    """Read either format, told apart by content."""
    try:
        what = what_is(path)
    except OSError as error:
        raise WeightsError(f"cannot be read: {error.strerror}", path) from None
    if what == "an HDF5 file":
        return from_hdf5(path)
    if what:
        raise WeightsError(f"expected a solverstate, found {what}", path)
    try:
        return parse(Path(path).read_bytes())
    except wire.Broken as error:
        what = "a truncated file" if error.cut else "no protobuf message"
        raise WeightsError(f"expected a solverstate, found {what} ({error})", path) from None
    except WeightsError as error:
        raise error.at(path) from None


def parse(buffer: bytes) -> SolverState:
    state = SolverState()
    for number, kind, begin, end in wire.fields(buffer):
        if (number, kind) == (ITER, wire.VARINT):
            state.iter = wire.signed(begin)
        elif (number, kind) == (CURRENT_STEP, wire.VARINT):
            state.current_step = wire.signed(begin)
        elif (number, kind) == (LEARNED_NET, wire.BYTES):
            state.learned_net = wire.text(buffer, begin, end)
        elif (number, kind) == (HISTORY, wire.BYTES):
            try:
                state.history.append(blob.read(buffer, begin, end).data)
            except WeightsError as error:
                raise error.at(f"history {len(state.history)}") from None
        elif number in (ITER, LEARNED_NET, HISTORY, CURRENT_STEP) or number == 100:
            raise WeightsError("expected a solverstate, found another kind of message: is it the .caffemodel?")
    return state


def from_hdf5(path: str | Path) -> SolverState:
    with hdf5.opened(path, "a solverstate") as file:
        for name in ("iter", "history"):
            if name not in file:
                raise WeightsError(
                    f"expected a solverstate, found an HDF5 file without '{name}': is it the .caffemodel.h5?"
                )
        history = file["history"]
        if not hasattr(history, "keys"):
            raise WeightsError("expected a group 'history' with an array for each parameter, found a dataset")
        return SolverState(
            count(file["iter"], "iter"),
            text(file["learned_net"]) if "learned_net" in file else "",
            [hdf5.array(history[str(i)], f"history {i}") for i in range(len(history))],
            count(file["current_step"], "current_step") if "current_step" in file else 0,
        )


def count(dataset: Any, name: str) -> int:
    """The first number of a dataset, which Caffe writes as an array of one."""
    shape = getattr(dataset, "shape", None)
    if shape is None or dataset.size != 1 or dataset.dtype.kind not in "iu":
        raise WeightsError(f"expected one whole number as '{name}', found {found(dataset)}")
    return int(np.ravel(dataset[()])[0])


def text(dataset: Any) -> str:
    """A string however HDF5 keeps it."""
    if getattr(dataset, "shape", None) != ():
        raise WeightsError(f"expected the name of a file as 'learned_net', found {found(dataset)}")
    value = dataset[()]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def found(item: Any) -> str:
    """What stands in the place of something else."""
    shape = getattr(item, "shape", None)
    return "a group" if hasattr(item, "keys") else "nothing" if shape is None else f"{item.dtype} of shape {shape}"


def save_solverstate(path: str | Path, state: SolverState) -> None:
    """Write a state; in HDF5 if the name ends in .h5."""
    if Path(path).suffix == ".h5":
        return to_hdf5(path, state)
    with replacing(path) as aside, aside.open("wb") as file:
        file.write(wire.field(ITER, wire.VARINT, state.iter))
        file.write(wire.field(LEARNED_NET, wire.BYTES, state.learned_net.encode()))
        for array in state.history:
            blob.write(file, HISTORY, array)
        file.write(wire.field(CURRENT_STEP, wire.VARINT, state.current_step))


def to_hdf5(path: str | Path, state: SolverState) -> None:
    import h5py

    with replacing(path) as aside, h5py.File(aside, "w") as file:
        file.create_dataset("iter", data=np.array([state.iter], "<i4"))
        name = state.learned_net.encode()
        file.create_dataset("learned_net", data=np.bytes_(name), dtype=h5py.string_dtype("ascii", len(name) + 1))
        file.create_dataset("current_step", data=np.array([state.current_step], "<i4"))
        history = file.create_group("history")
        for i, array in enumerate(state.history):
            history.create_dataset(str(i), data=np.asarray(array, "<f4"))
