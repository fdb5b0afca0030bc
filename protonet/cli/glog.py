"""Log lines as glog prints them, which the parsers people have for Caffe's logs expect, on stderr.

I1124 01:54:51.324373 32410 solver.py:239] Iteration 0, loss = 2.30
"""

import logging
import os
import sys
import time

LETTERS = {logging.INFO: "I", logging.WARNING: "W", logging.ERROR: "E", logging.CRITICAL: "F"}


class Format(logging.Formatter):
    """Severity, month and day, time with microseconds, process, place."""

    def format(self, record):
        t = time.localtime(record.created)
        stamp = time.strftime("%m%d %H:%M:%S", t) + f".{int(record.created % 1 * 1e6):06d}"
        letter = LETTERS.get(record.levelno, "I")
        return f"{letter}{stamp} {os.getpid():5d} {record.filename}:{record.lineno}] {record.getMessage()}"


class Stderr(logging.StreamHandler):
    """stderr as it is now (tests and progress bars replace it)."""

    def __init__(self):
        super().__init__(sys.stderr)
        self.setFormatter(Format())

    def emit(self, record):
        self.stream = sys.stderr
        super().emit(record)


def install():
    """Give protonet's loggers this format, once."""
    log = logging.getLogger("protonet")
    if not any(isinstance(handler, Stderr) for handler in log.handlers):
        log.addHandler(Stderr())
        log.propagate = False
