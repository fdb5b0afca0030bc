"""The learning rate of an iteration.  (Caffe: sgd_solver.cpp, GetLearningRate.)

fixed       base_lr
step        base_lr * gamma ^ floor(iter / stepsize)
exp         base_lr * gamma ^ iter
inv         base_lr * (1 + gamma * iter) ^ -power
multistep   base_lr * gamma ^ (number of stepvalues reached)
poly        base_lr * (1 - iter / max_iter) ^ power
sigmoid     base_lr / (1 + exp(-gamma * (iter - stepsize)))
"""

import math

from protonet.errors import SolverError
from protonet.prototxt.suggest import did_you_mean

POLICIES = "fixed", "step", "exp", "inv", "multistep", "poly", "sigmoid"


def check(param):
    """Refuse a policy that does not exist or lacks what it needs."""
    policy = param.lr_policy
    if not policy:
        raise SolverError(f"lr_policy is missing: there are {', '.join(POLICIES)}")
    if policy not in POLICIES:
        raise SolverError(
            f"unknown lr_policy '{policy}'{did_you_mean(policy, POLICIES)}: there are {', '.join(POLICIES)}"
        )
    if policy == "step" and param.stepsize <= 0:
        raise SolverError(f"lr_policy 'step' needs a stepsize above 0, found {param.stepsize}")
    if policy == "poly" and param.max_iter <= 0:
        raise SolverError(f"lr_policy 'poly' needs max_iter above 0, found {param.max_iter}")
    values = list(param.stepvalue)
    if policy == "multistep" and values != sorted(values):
        raise SolverError(f"stepvalue must not decrease, found {values}")


def current_step(param, iteration, before=0):
    """How many steps down the rate has gone; `before` is what it was, and never goes back."""
    if param.lr_policy == "step":
        return iteration // param.stepsize
    if param.lr_policy == "multistep":
        while before < len(param.stepvalue) and iteration >= param.stepvalue[before]:
            before += 1
    return before


def rate(param, iteration, step):
    """The learning rate at this iteration, `step` steps down."""
    policy, base, gamma = param.lr_policy, param.base_lr, param.gamma
    if policy == "fixed":
        return base
    if policy in ("step", "multistep"):
        return base * gamma**step
    if policy == "exp":
        return base * gamma**iteration
    if policy == "inv":
        return base * (1.0 + gamma * iteration) ** -param.power
    if policy == "poly":
        return base * max(0.0, 1.0 - iteration / param.max_iter) ** param.power
    return base * (1.0 / (1.0 + math.exp(-gamma * (iteration - param.stepsize))))
