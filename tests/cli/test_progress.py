"""Bars on a terminal, nothing elsewhere."""

import io
import logging
import sys

import pytest

from protonet.cli import glog, progress
from tests.solvers.tools import LINEAR, solver


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Called in the test, as pytest sets stderr anew before it."""

    def turn_on():
        monkeypatch.setattr(sys, "stderr", Terminal())
        return sys.stderr

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return turn_on


def test_without_a_terminal_nothing_is_written(capsys):
    with progress.counting("testing", 3) as done:
        for i in range(3):
            done(i + 1)
    with progress.training(made := solver("", LINEAR)):
        assert not made.after_step
    assert capsys.readouterr() == ("", "")


def test_counting_shows_how_far_it_is(terminal):
    shown = terminal()
    with progress.counting("converting", None) as done:
        done(3, 7)
        done(7, 7)
    assert "converting" in shown.getvalue()
    assert "7/7" in shown.getvalue()


def test_a_bar_follows_a_training_and_lets_go_of_it(terminal):
    shown = terminal()
    made = solver("", LINEAR)
    with progress.training(made):
        made.step(6)
        assert len(made.after_step) == 1
    assert not made.after_step
    assert "training linear" in shown.getvalue()
    assert "6/6" in shown.getvalue()
    assert "iter/s" in shown.getvalue()


def test_log_lines_stand_above_the_bar(terminal):
    shown = terminal()
    glog.install()
    with progress.counting("testing", 2) as done:
        done(1)
        logging.getLogger("protonet.x").warning("a line of the log")
        done(2)
    lines = shown.getvalue().splitlines()
    assert any(line.rstrip().endswith("a line of the log") for line in lines)


def test_tables_are_wide_where_there_is_no_terminal(monkeypatch, capsys):
    assert progress.console().width == 200
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "70")
    assert progress.console().width == 70
