"""Log lines with glog's prefix, on the stderr of the moment."""

import io
import logging
import re
import sys

import pytest

from protonet.cli import glog


def record(level=logging.INFO, created=1_700_000_000.000123):
    made = logging.LogRecord(
        "protonet.x", level, "/somewhere/solver.py", 239, "Iteration %d, loss = %g", (3, 0.5), None
    )
    made.created = created
    return made


@pytest.mark.parametrize(
    ("level", "letter"),
    [(logging.INFO, "I"), (logging.WARNING, "W"), (logging.ERROR, "E"), (logging.CRITICAL, "F"), (logging.DEBUG, "I")],
)
def test_a_line_has_severity_day_time_process_and_place(level, letter):
    line = glog.Format().format(record(level))
    assert re.fullmatch(rf"{letter}11\d\d \d\d:\d\d:\d\d\.000123 +\d+ solver\.py:239\] Iteration 3, loss = 0\.5", line)


def test_it_is_installed_once_and_writes_to_the_stderr_of_the_moment(monkeypatch):
    log = logging.getLogger("protonet")
    glog.install()
    glog.install()
    assert sum(isinstance(handler, glog.Stderr) for handler in log.handlers) == 1
    for _ in range(2):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        log.warning("to whom it concerns")
        assert sys.stderr.getvalue().endswith("] to whom it concerns\n")
