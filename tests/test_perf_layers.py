"""The table of layers that are timed: complete, and each case a net that runs."""

import pytest

from protonet.layers import REGISTRY
from tests.perf.layer_cases import CASES
from tests.perf.layers import OUTSIDE, Ours


def test_every_type_is_timed_or_left_out_for_a_reason():
    timed = {case.type for case in CASES}
    assert not set(REGISTRY) - timed - OUTSIDE, "give it a line in tests/perf/layer_cases.py"
    assert timed <= set(REGISTRY) - OUTSIDE


@pytest.mark.parametrize("case", [case for case in CASES if "Loss" in case.type], ids=lambda case: case.type)
def test_a_case_runs_both_ways(case):
    it = Ours(case, 1)
    if it.backward:
        it.backward()
    assert it.bytes(False) > 0
