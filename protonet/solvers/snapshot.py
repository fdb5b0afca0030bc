"""Snapshots: PREFIX_iter_N.caffemodel and PREFIX_iter_N.solverstate, in Caffe's own formats, binary or HDF5.

The state holds the iteration, the step of the rate, and the histories: all first ones, then all second ones.
"""

import logging
import os
from pathlib import Path

from protonet import io
from protonet.errors import SolverError

log = logging.getLogger(__name__)


def save(solver):
    """Write the net and the solver's state; returns the two paths."""
    prefix = f"{prefix_of(solver)}_iter_{solver.iter}"
    hdf5 = solver.param.snapshot_format == 0
    model, state = (f"{prefix}.{kind}{'.h5' if hdf5 else ''}" for kind in ("caffemodel", "solverstate"))
    how = "HDF5" if hdf5 else "binary proto"
    histories = [blob.data for each in solver.update.history for blob in each]
    try:
        Path(model).parent.mkdir(parents=True, exist_ok=True)
        log.info("Snapshotting to %s file %s", how, model)
        solver.net.save(model, diffs=solver.param.snapshot_diff)
        log.info("Snapshotting solver state to %s file %s", how, state)
        io.save_solverstate(state, io.SolverState(solver.iter, model, histories, solver.current_step))
    except OSError as error:
        why = error.strerror or error
        raise SolverError(f"snapshots cannot be written to {prefix} ({why}): see snapshot_prefix") from None
    return model, state


def prefix_of(solver):
    """snapshot_prefix as written; a folder gets the solver's file name, and none at all the solver's own path."""
    prefix = solver.param.snapshot_prefix
    if "\0" in prefix:
        raise SolverError(f"snapshot_prefix is the beginning of a file's name, found {prefix!r}")
    own = Path(solver.path).with_suffix("") if solver.path else Path("net")
    if not prefix:
        return str(own)
    return os.path.join(prefix, own.name) if os.path.isdir(prefix) else prefix


def restore(solver, path):
    """Put iteration, histories and weights back.  (Caffe: Solver::Restore; the data start at the first row again.)"""
    state = io.load_solverstate(path)
    wanted = [blob for each in solver.update.history for blob in each]
    if len(state.history) != len(wanted):
        raise SolverError(
            f"{path}: holds {len(state.history)} histories, this solver has {len(wanted)}: another net or solver type?"
        )
    for i, (blob, array) in enumerate(zip(wanted, state.history, strict=True)):
        if array.size != blob.count:
            raise SolverError(f"{path}: history {i} ({blob.name}) has shape {array.shape}, this net wants {blob.shape}")
    if state.learned_net:
        solver.net.copy_from(beside(state.learned_net, path))
    for blob, array in zip(wanted, state.history, strict=True):
        blob.data[...] = array.reshape(blob.shape)
    solver.iter, solver.current_step = state.iter, state.current_step
    log.info("%sSolver: restoring history", solver.param.type)


def beside(name, path):
    """The net as the state names it, or next to the state if the pair has been moved."""
    moved = Path(path).parent / Path(name).name
    return name if os.path.exists(name) or not moved.exists() else str(moved)
