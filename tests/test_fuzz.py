"""No text, no file and no layer crashes the process, hangs it, takes its memory, or fails with less than a reason; and
no plan computes anything else than the exact plan does.

Each run is a process of its own: see fuzz/.  PROTONET_FUZZ_SECONDS=600 searches for so long, from another start.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fuzz.__main__ import EXAMPLES

ASKED = os.environ.get("PROTONET_FUZZ_SECONDS")
SECONDS = float(ASKED) / len(EXAMPLES) if ASKED else 0
ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("what", EXAMPLES)
def test_whatever_is_tried_ends_well_or_with_a_reason(what, tmp_path):
    start = int(time.time()) if ASKED else 20
    run = [sys.executable, "-m", "tests.fuzz", what, str(tmp_path), str(SECONDS), str(start)]
    environment = {**os.environ, "PROTONET_MAX_MEMORY": "1G"}
    done = subprocess.run(
        run, cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS * 3 + 1200
    )
    cases = [tmp_path / "case", *sorted(tmp_path.glob("failure-*"))[:3]]
    said = "\n".join(path.read_bytes().decode("utf-8", "replace")[:6000] for path in cases if path.exists())
    assert done.returncode == 0, f"start {start}\n{done.stderr[-6000:]}\nthe last case, and failures:\n{said}"
    tried, good, failed = map(int, done.stdout.split())
    assert tried >= 20, done.stdout
    assert good >= 1, "all were refused: nothing was tried"
    assert not failed
