"""What a solver is made of: its prototxt, read, of today's form, free of contradictions; refusals name the place."""

from protonet.errors import SolverError
from protonet.proto import caffe_pb2
from protonet.prototxt import parse, upgrade
from protonet.solvers import schedule
from protonet.solvers.rules import rule


def check(p, path=None):
    """Refuse what contradicts itself before any net is built; returns the update rule.  path: of its prototxt."""
    try:
        return checked(p)
    except SolverError as error:
        raise placed(error, path) from None


def placed(error, path):
    """The error, with where in the prototxt its field stands."""
    return error.at(parse.load(path, "SolverParameter").place_of(error.field)) if path else error


def checked(p):
    chosen = rule(p.type)
    chosen.check(p)
    schedule.check(p)
    if p.iter_size < 1:
        raise SolverError(f"iter_size must be at least 1, found {p.iter_size}", field="iter_size")
    if p.regularization_type not in ("L1", "L2"):
        raise SolverError(
            f"unknown regularization_type '{p.regularization_type}': there are L1 and L2", field="regularization_type"
        )
    if p.average_loss < 1:
        raise SolverError(f"average_loss must be at least 1, found {p.average_loss}", field="average_loss")
    for name in ("test_interval", "snapshot", "display"):
        if getattr(p, name) < 0:
            raise SolverError(f"{name} counts iterations: it cannot be negative", field=name)
    return chosen


def read(source):
    """(path or None, SolverParameter of today's form)."""
    if isinstance(source, caffe_pb2.SolverParameter):
        path, param = None, caffe_pb2.SolverParameter()
        param.CopyFrom(source)
    else:
        path, param = str(source), parse.load(source, "SolverParameter").message
    try:
        upgrade.upgrade_solver(param)
    except SolverError as error:
        raise placed(error, path) from None
    return path, param
