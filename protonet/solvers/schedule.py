"""The learning rate of an iteration.  (Caffe: sgd_solver.cpp, GetLearningRate.)

fixed       base_lr
step        base_lr * gamma ^ floor(iter / stepsize)
exp         base_lr * gamma ^ iter
inv         base_lr * (1 + gamma * iter) ^ -power
multistep   base_lr * gamma ^ (number of stepvalues reached)
poly        base_lr * (1 - iter / max_iter) ^ power
sigmoid     base_lr / (1 + exp(-gamma * (iter - stepsize)))

Forks: for the first warmup_iter iterations it goes straight from warmup_start_lr to base_lr (Intel); for the first
rampup_interval from rampup_lr, by the square of the time (NVIDIA from 0.17 on, sgd_solver.cpp; straight before that);
min_lr is what poly ends at, and no rate is below it (NVIDIA).
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
            f"unknown lr_policy '{policy}'{did_you_mean(policy, POLICIES)}: there are {', '.join(POLICIES)}",
            field="lr_policy",
        )
    if policy == "step" and param.stepsize <= 0:
        raise SolverError(f"lr_policy 'step' needs a stepsize above 0, found {param.stepsize}", field="lr_policy")
    if policy == "poly" and param.max_iter <= 0:
        raise SolverError(f"lr_policy 'poly' needs max_iter above 0, found {param.max_iter}", field="lr_policy")
    for name in ("warmup_iter", "rampup_interval", "min_lr"):
        if not getattr(param, name) >= 0:
            raise SolverError(f"{name} must be at least 0, found {getattr(param, name):g}", field=name)
    values = list(param.stepvalue)
    if policy == "multistep" and values != sorted(values):
        raise SolverError(f"stepvalue must not decrease, found {values}", field="stepvalue")


def current_step(param, iteration, before=0):
    """How many steps down the rate has gone; `before` is what it was, and never goes back."""
    if param.lr_policy == "step":
        return iteration // param.stepsize
    if param.lr_policy == "multistep":
        while before < len(param.stepvalue) and iteration >= param.stepvalue[before]:
            before += 1
    return before


def rate(param, iteration, step):
    """The learning rate at this iteration, `step` steps down.  Raises SolverError where the formula has no value."""
    try:
        found = formula(param, iteration, step)
    except (OverflowError, ZeroDivisionError):
        found = None
    if not isinstance(found, float):  # a power of a negative number is complex
        raise SolverError(
            f"lr_policy '{param.lr_policy}' gives no learning rate at iteration {iteration}: "
            f"choose other numbers than base_lr {param.base_lr:g}, gamma {param.gamma:g}, power {param.power:g}",
            field="lr_policy",
        )
    return found


def formula(param, iteration, step):
    base, least = param.base_lr, param.min_lr
    if iteration < param.warmup_iter:
        done = iteration / param.warmup_iter
        return done * base + (1 - done) * param.warmup_start_lr
    if iteration < param.rampup_interval:
        return param.rampup_lr + (base - param.rampup_lr) * (iteration / param.rampup_interval) ** 2
    found = by_policy(param, iteration, step)
    return max(found, least) if least and isinstance(found, float) else found


def by_policy(param, iteration, step):
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
        return param.min_lr + (base - param.min_lr) * max(0.0, 1.0 - iteration / param.max_iter) ** param.power
    return base * (1.0 / (1.0 + math.exp(-gamma * (iteration - param.stepsize))))
