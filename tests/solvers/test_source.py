"""Solvers as they are read: fields of forks that would train otherwise are refused, and no field is passed over."""

import re
from pathlib import Path

import pytest

from protonet.errors import SolverError
from protonet.proto import caffe_pb2
from protonet.prototxt import parse
from protonet.solvers import source

ROOT = Path(source.__file__).parents[1]
IDLE = {  # fields that nobody reads, and why that is right
    "device_id": "of a graphics card",
    "layer_wise_reduce": "of several machines",
    "solver_data_type": "of half floats: all is float32 here",
    "store_blobs_in_old_format": "how NVIDIA's snapshots are written; both forms are read",
    "show_per_class_result": "of eval_type: detection, which is warned of",
    "ap_version": "likewise",
    **dict.fromkeys(("max_momentum", "momentum_power"), "of momentum_policy, which is refused"),
    "weight_decay_power": "of weight_decay_policy, which is refused",
    "local_gw_ratio": "of local_lr_auto, which is refused",
    **dict.fromkeys(("larc_eta", "larc_policy"), "of larc, which is refused"),
}


def solver(text):
    return parse.loads(f"base_lr: 0.1 lr_policy: 'fixed' {text}", "SolverParameter").message


@pytest.mark.parametrize(
    "text", ["larc: true", "momentum_policy: 'poly'", "local_lr_auto: true", "stepearly: 3", "stagelr: 0.1"]
)
def test_what_would_train_otherwise_is_refused(text):
    name = text.partition(":")[0]
    with pytest.raises(SolverError, match=f"{name} is .*, which is not done here: take it out") as caught:
        source.check(solver(text))
    assert caught.value.field == name


def test_values_that_change_nothing_are_fine(caplog):
    source.check(solver("larc: false momentum_policy: 'fixed' weight_decay_policy: 'fixed' larc_eta: 0.1"))
    assert not caplog.records
    source.check(solver("eval_type: 'detection'"))
    assert "no average precision" in caplog.text


def test_a_refusal_names_the_line(tmp_path):
    path = tmp_path / "solver.prototxt"
    path.write_text("base_lr: 0.1\nlr_policy: 'fixed'\nlarc: true\n")
    with pytest.raises(SolverError, match=r"solver.prototxt:3:\d+: larc is NVIDIA's"):
        source.check(*reversed(source.read(path)))


def test_no_field_is_passed_over():
    texts = (path.read_text("utf-8") for path in ROOT.rglob("*.py") if path.name != "forks.py")
    known = set(re.findall(r"\w+", " ".join(texts)))
    fields = {field.name for field in caffe_pb2.SolverParameter.DESCRIPTOR.fields}
    assert fields - known - set(IDLE) == set()
