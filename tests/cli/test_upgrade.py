"""`protonet upgrade` writes what Caffe's upgrade tools write, to the letter."""

import numpy as np
import pytest

from protonet.cli import main
from protonet.io import load_weights
from tests.conftest import GOLDEN, files, needs

CASES = [path.name.removesuffix(".in.prototxt") for path in files(GOLDEN / "upgrade", "*.in.prototxt")]
REFUSED = [case for case in CASES if not (GOLDEN / "upgrade" / f"{case}.out.prototxt").exists()]
pytestmark = needs(GOLDEN / "upgrade")


@pytest.mark.parametrize("case", sorted(set(CASES) - set(REFUSED)))
def test_the_text_is_caffes(case, golden, tmp_path):
    new = tmp_path / "new.prototxt"
    assert main(["upgrade", str(golden / "upgrade" / f"{case}.in.prototxt"), str(new)]) == 0
    assert new.read_text() == (golden / "upgrade" / f"{case}.out.prototxt").read_text()


@pytest.mark.parametrize("case", REFUSED)
def test_what_caffe_refuses_is_refused_in_a_line(case, golden, tmp_path, capsys):
    assert main(["upgrade", str(golden / "upgrade" / f"{case}.in.prototxt"), str(tmp_path / "new")]) == 1
    assert not (tmp_path / "new").exists()
    assert capsys.readouterr().err.startswith(f"protonet: {golden}")


def test_old_weights_keep_their_numbers(golden, tmp_path):
    old, new = golden / "upgrade" / "v1model.caffemodel", tmp_path / "new.caffemodel"
    assert main(["upgrade", str(old), str(new)]) == 0
    ours, theirs = load_weights(new), load_weights(golden / "upgrade" / "v1model.upgraded.caffemodel")
    assert {k: len(v) for k, v in ours.items() if v} == {k: len(v) for k, v in theirs.items() if v}
    for name, arrays in theirs.items():
        for a, b in zip(ours.get(name, []), arrays, strict=True):
            np.testing.assert_array_equal(a.ravel(), b.ravel())
