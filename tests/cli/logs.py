"""What people's scripts read of a training log, by the patterns of Caffe's own tools (parse_log, extract_seconds)."""

import re
from datetime import datetime

ITERATION = re.compile(r"Iteration (\d+)")
OUTPUT = {kind: re.compile(rf"{kind} net output #(\d+): (\S+) = ([\.\deE+-]+)") for kind in ("Train", "Test")}
RATE = re.compile(r"lr = ([-+]?[0-9]*\.?[0-9]+([eE]?[-+]?[0-9]+)?)")
PREFIX = re.compile(r"([IWEF])(\d{4})?(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d{6}) +\d+ [\w.]+:\d+\] (.*)")


def parsed(text):
    """{"Train": [(iteration, rate, {output: value})], "Test": ...}, as parse_log collects rows."""
    rows = {"Train": {}, "Test": {}}
    iteration, rate = -1, float("nan")
    for line in text.splitlines():
        if match := ITERATION.search(line):
            iteration = int(match[1])
        if iteration == -1:
            continue
        if match := RATE.search(line):
            rate = float(match[1])
        for kind, pattern in OUTPUT.items():
            if match := pattern.search(line):
                rows[kind].setdefault(iteration, (rate, {}))[1][match[2]] = float(match[3])
    return {kind: [(i, *row) for i, row in each.items()] for kind, each in rows.items()}


def messages(text):
    """(severity, message) of each line that has glog's prefix."""
    return [(match[1], match[6]) for match in map(PREFIX.fullmatch, text.splitlines()) if match]


def started(text, year):
    """When training began, read as extract_seconds reads it: the line with 'Solving', month and day, microseconds."""
    line = next(line for line in text.splitlines() if "Solving" in line).split()
    month, day = int(line[0][1:3]), int(line[0][3:])
    at = line[1].rfind(".")
    hour, minute, second = (int(part) for part in line[1][:at].split(":"))
    return datetime(year, month, day, hour, minute, second, int(line[1][at + 1 :]))
