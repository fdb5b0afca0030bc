"""Rates by iteration, against the formulas Caffe's documentation gives, and what a policy needs."""

import math

import pytest

from protonet.errors import SolverError
from protonet.proto import caffe_pb2
from protonet.solvers import schedule


def param(**fields):
    steps = fields.pop("stepvalue", ())
    made = caffe_pb2.SolverParameter(**{"base_lr": 0.5, "gamma": 0.1, "power": 0.75, "max_iter": 100} | fields)
    made.stepvalue.extend(steps)
    return made


def rates(p, iterations):
    step, found = 0, []
    for i in range(max(iterations) + 1):
        step = schedule.current_step(p, i, step)
        if i in iterations:
            found.append(schedule.rate(p, i, step))
    return found


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"lr_policy": "fixed"}, lambda i: 0.5),
        ({"lr_policy": "step", "stepsize": 10}, lambda i: 0.5 * 0.1 ** (i // 10)),
        ({"lr_policy": "exp"}, lambda i: 0.5 * 0.1**i),
        ({"lr_policy": "inv"}, lambda i: 0.5 * (1 + 0.1 * i) ** -0.75),
        ({"lr_policy": "multistep", "stepvalue": [5, 15]}, lambda i: 0.5 * 0.1 ** ((i >= 5) + (i >= 15))),
        ({"lr_policy": "poly"}, lambda i: 0.5 * (1 - i / 100) ** 0.75),
        ({"lr_policy": "sigmoid", "stepsize": 10}, lambda i: 0.5 / (1 + math.exp(-0.1 * (i - 10)))),
        (
            {"lr_policy": "exp", "warmup_iter": 10, "warmup_start_lr": 0.1},
            lambda i: 0.1 + 0.04 * i if i < 10 else 0.5 * 0.1**i,
        ),
        ({"lr_policy": "fixed", "rampup_interval": 5, "rampup_lr": 0.3}, lambda i: min(0.5, 0.3 + 0.2 * (i / 5) ** 2)),
        ({"lr_policy": "poly", "min_lr": 0.2}, lambda i: 0.2 + 0.3 * (1 - i / 100) ** 0.75),
        ({"lr_policy": "step", "stepsize": 10, "min_lr": 0.01}, lambda i: max(0.01, 0.5 * 0.1 ** (i // 10))),
    ],
)
def test_each_policy_gives_its_formula(fields, expected):
    at = [0, 1, 4, 5, 6, 9, 10, 14, 15, 16, 40]
    assert rates(param(**fields), at) == pytest.approx([expected(i) for i in at], rel=1e-6)


def test_beyond_the_last_iteration_poly_stays_at_0():
    assert schedule.rate(param(lr_policy="poly"), 150, 0) == 0


def test_a_step_that_was_taken_is_not_taken_back():
    """As in Caffe, whose state keeps the step: a stepvalue that is moved later does not count again."""
    assert schedule.current_step(param(lr_policy="multistep", stepvalue=[50]), 10, before=1) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"lr_policy": "setp"}, "unknown lr_policy 'setp' .did you mean 'step'"),
        ({}, "lr_policy is missing: there are fixed, step"),
        ({"lr_policy": "step"}, "needs a stepsize above 0, found 0"),
        ({"lr_policy": "poly", "max_iter": 0}, "needs max_iter above 0, found 0"),
        ({"lr_policy": "fixed", "warmup_iter": -1}, "warmup_iter must be at least 0, found -1"),
        ({"lr_policy": "fixed", "min_lr": math.nan}, "min_lr must be at least 0, found nan"),
        ({"lr_policy": "multistep", "stepvalue": [5, 3]}, r"must not decrease, found \[5, 3\]"),
    ],
)
def test_what_a_policy_lacks_is_said(fields, message):
    with pytest.raises(SolverError, match=message):
        schedule.check(param(**fields))


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"lr_policy": "inv", "gamma": -1}, 1),
        ({"lr_policy": "inv", "gamma": -1}, 2),
        ({"lr_policy": "exp", "gamma": 0.0, "power": 1}, None),
        ({"lr_policy": "exp", "gamma": 1e30}, 20),
        ({"lr_policy": "poly", "power": -1}, 100),
        ({"lr_policy": "sigmoid", "gamma": 1e30}, 0),
    ],
)
def test_a_rate_that_is_no_number_is_refused(fields, at):
    p = param(**{"stepsize": 10, **fields})
    if at is None:
        assert schedule.rate(p, 3, 0) == 0
        return
    with pytest.raises(SolverError, match=f"'{fields['lr_policy']}' gives no learning rate at iteration {at}: choose"):
        schedule.rate(p, at, 0)
