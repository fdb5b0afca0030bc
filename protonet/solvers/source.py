"""What a solver is made of: its prototxt, read, of today's form, free of contradictions; refusals name the place."""

import logging

from protonet.errors import SolverError
from protonet.proto import caffe_pb2
from protonet.prototxt import parse, upgrade
from protonet.solvers import schedule
from protonet.solvers.rules import rule

log = logging.getLogger(__name__)

# forks' fields that would train otherwise; name -> (values that change nothing, whose it is)
ELSEWHERE = {
    "larc": ((False,), "NVIDIA's rates by layer, from the norms of weights and gradients"),
    "larc_turbo": ((False,), "NVIDIA's, of larc"),
    "momentum_policy": (("fixed",), "NVIDIA's momentum that grows"),
    "weight_decay_policy": (("fixed",), "NVIDIA's decay that grows"),
    "local_lr_auto": ((False,), "Intel's rates by layer, from the norms of weights and gradients"),
    "disabled_update": ((False,), "Intel's switch that lets nothing learn"),
    "test_offset": ((0,), "Intel's, of YOLO's tests"),
    "stagelr": ((), "Intel's, of YOLO's rates"),
    "stageiter": ((), "Intel's, of YOLO's rates"),
    "stepearly": ((), "a rate by the loss, of lisa-caffe"),
    "plateau_winsize": ((), "a rate by the loss, of SSD"),
}


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
    for field, value in p.ListFields():
        if field.name in ELSEWHERE:
            idle, whose = ELSEWHERE[field.name]
            if value not in idle:
                raise SolverError(f"{field.name} is {whose}, which is not done here: take it out", field=field.name)
    if p.eval_type == "detection":
        log.warning("eval_type: detection: test nets give their tops' means, no average precision")
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
