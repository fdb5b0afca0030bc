"""No text, no file and no layer crashes the process, hangs it, takes its memory, or fails with less than a reason.

Each run is a process of its own: see fuzz.py.  PROTONET_FUZZ_SECONDS=600 searches for longer, from another start.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ASKED = os.environ.get("PROTONET_FUZZ_SECONDS")
SECONDS = float(ASKED) / 3 if ASKED else 0
ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("what", ["text", "binary", "layers"])
def test_whatever_is_tried_ends_well_or_with_a_reason(what, tmp_path):
    start = int(time.time()) if ASKED else 20
    run = [sys.executable, "-m", "tests.fuzz", what, str(tmp_path), str(SECONDS), str(start)]
    environment = {**os.environ, "PROTONET_MAX_MEMORY": "1G"}
    done = subprocess.run(
        run, cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS * 3 + 600
    )
    case = tmp_path / "case"
    last = case.read_bytes().decode("utf-8", "replace") if case.exists() else ""
    assert done.returncode == 0, f"start {start}\n{done.stderr[-6000:]}\nthe last case:\n{last}"
    tried, good = map(int, done.stdout.split())
    assert tried >= 20, done.stdout
    assert good >= 1, "all were refused: nothing was tried"
