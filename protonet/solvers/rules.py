"""The update rules: which kernel, how many histories a parameter has, and which scalars the kernel takes.

A later rule is one entry here and one kernel in kernels/update.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from protonet.errors import SolverError
from protonet.kernels import update
from protonet.prototxt.suggest import did_you_mean


@dataclass(frozen=True)
class Rule:
    """histories: arrays of a parameter's size that are kept (and snapshot); scalars: from the SolverParameter."""

    kernel: object
    scalars: Callable
    histories: int = 1
    check: Callable = lambda param: None


def no_momentum(name):
    def check(param):
        if param.momentum:
            raise SolverError(f"{name} takes no momentum: remove it, found {param.momentum:g}", field="momentum")

    return check


def decaying(param):
    if not 0 <= param.rms_decay < 1:
        raise SolverError(f"rms_decay must be in [0, 1), found {param.rms_decay:g}", field="rms_decay")
    no_momentum("RMSProp")(param)


def corrected(param):
    """Adam divides by 1 - momentum^t, and takes the root of 1 - momentum2^t."""
    for name in ("momentum", "momentum2"):
        if not 0 <= (value := getattr(param, name)) < 1:
            raise SolverError(f"{name} of Adam must be in [0, 1), found {value:g}", field=name)


RULES = {
    "SGD": Rule(update.sgd, lambda p: (p.momentum,)),
    "Nesterov": Rule(update.nesterov, lambda p: (p.momentum,)),
    "AdaGrad": Rule(update.adagrad, lambda p: (p.delta,), check=no_momentum("AdaGrad")),
    "RMSProp": Rule(update.rmsprop, lambda p: (p.rms_decay, p.delta), check=decaying),
    "AdaDelta": Rule(update.adadelta, lambda p: (p.momentum, p.delta), histories=2),
    "Adam": Rule(update.adam, lambda p: (p.momentum, p.momentum2, p.delta), histories=2, check=corrected),
}


def rule(name):
    """The rule of this `type`.  Raises SolverError with the known ones."""
    if name not in RULES:
        raise SolverError(
            f"unknown solver type '{name}'{did_you_mean(name, RULES)}: there are {', '.join(RULES)}", field="type"
        )
    return RULES[name]
