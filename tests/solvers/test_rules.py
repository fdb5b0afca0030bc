"""The update rules: by name, with what each refuses."""

import pytest

from protonet.errors import SolverError
from tests.solvers.tools import solver


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type: 'Adma'", r"unknown solver type 'Adma' \(did you mean 'Adam'\?\): there are SGD, Nesterov, AdaGrad"),
        ("type: 'AdaGrad' momentum: 0.9", "AdaGrad takes no momentum: remove it, found 0.9"),
        ("type: 'RMSProp' momentum: 0.9", "RMSProp takes no momentum"),
        ("type: 'RMSProp' rms_decay: 1", r"rms_decay must be in \[0, 1\), found 1"),
        ("type: 'Adam' momentum: 1", r"momentum of Adam must be in \[0, 1\), found 1"),
        ("type: 'Adam' momentum2: 1.5", r"momentum2 of Adam must be in \[0, 1\), found 1.5"),
    ],
)
def test_what_a_rule_does_not_take_is_refused(text, message):
    with pytest.raises(SolverError, match=message):
        solver(text)


@pytest.mark.parametrize("kind", ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"])
def test_each_rule_learns(kind):
    made = solver(
        f"type: '{kind}' {'rms_decay: 0.9' if kind == 'RMSProp' else ''}", base_lr=0.5 if kind == "AdaDelta" else 0.02
    )
    made.step(1)
    first = made.smoothed
    made.step(20)
    assert made.net.loss() < first
