"""What Caffe refuses, or should have refused, is refused with a place and a cause; what it accepts is accepted."""

import json
import re

import pytest

import protonet
from protonet.errors import ProtonetError
from tests.conftest import GOLDEN, files, needs

CASES = [path.stem for path in files(GOLDEN / "errors", "*.prototxt")]
ACCEPTED = {case for case in CASES if case.startswith("ok_")} | {"batchnorm_lr_nonzero", "pool_stochastic_cpu"}
pytestmark = needs(GOLDEN / "errors")


def built(golden, case):
    net = protonet.Net(str(golden / "errors" / f"{case}.prototxt"), protonet.TRAIN)
    net.forward()
    return net


@pytest.mark.parametrize("case", sorted(set(CASES) - ACCEPTED))
def test_it_is_refused_with_a_place(case, golden):
    with pytest.raises(ProtonetError) as caught:
        built(golden, case)
    text = str(caught.value)
    assert re.search(r"\.prototxt:\d+:\d+: |\.prototxt: ", text), text
    assert len(text) > len(str(golden)) + 30, text


@pytest.mark.parametrize("case", sorted(ACCEPTED))
def test_it_is_accepted(case, golden):
    built(golden, case)


def test_no_recorded_case_is_left_out(golden):
    assert set(json.loads((golden / "errors" / "errors.json").read_text())) == set(CASES)
