"""All that is wrong with one text, collected, so that one run shows it all: place, cause, source line, caret.

    net.prototxt:3:24: unknown field 'kernel_sise' in ConvolutionParameter (did you mean 'kernel_size'?)
        convolution_param { kernel_sise: 3 }
                            ^

Lines and columns count from 1, in characters, and are worked out only when asked for.
"""

import re
from bisect import bisect_right
from functools import cached_property
from unicodedata import east_asian_width

from protonet.errors import ParseError

LIMIT = 20
WIDTH = 100  # of a source line shown; a net may stand on one line of 100 kB


class EnoughError(Exception):
    """The limit is reached: what follows would only be the same again."""


class Problems:
    """What is wrong with `text`, which is called `name`."""

    def __init__(self, text, name):
        self.text, self.name = text, name
        self.found: list[tuple[int, str]] = []
        self.broken: set[int] = set()  # what stands at these offsets suffers from a problem right before it

    def add(self, offset, message):
        """Note one problem; the twentieth ends the reading."""
        self.found.append((offset, message))
        if len(self.found) >= LIMIT:
            raise EnoughError

    @cached_property
    def _starts(self):
        return [0, *(end.end() for end in re.finditer(r"\r\n?|\n", self.text))]

    def place(self, offset):
        """The name, line and column of an offset into the text."""
        line = bisect_right(self._starts, offset)
        return f"{self.name}:{line}:{offset - self._starts[line - 1] + 1}"

    def error(self):
        """One ParseError of all that was found, in the order of the text."""
        errors = [ParseError(f"{text}\n{self._excerpt(offset)}", self.place(offset)) for offset, text in self._sorted()]
        first = errors[0]
        rest = "".join(f"\n{error}" for error in errors[1:])
        if len(errors) >= LIMIT:
            rest += f"\n{self.name}: {LIMIT} errors, and maybe more: stopped here"
        return ParseError(first.message + rest, first.where, errors)

    def _sorted(self):
        return sorted(dict.fromkeys(self.found))

    def _excerpt(self, offset):
        start = self._starts[bisect_right(self._starts, offset) - 1]
        end = re.compile(r"[\r\n]|\Z").search(self.text, start)
        line = self.text[start : end.start() if end else None]
        column = offset - start
        first = max(0, column - WIDTH // 2) if len(line) > WIDTH else 0
        before, after = line[first:column], line[column : first + WIDTH]
        return f"    {shown(before + after)}\n    {''.join(map(_blank, before))}^"


def shown(text):
    """Text that any terminal can print: no control characters, no stray bytes."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def short(text):
    """A piece of the source, for use inside a message."""
    text = shown(" ".join(text.split()))
    return f"'{text if len(text) <= 40 else text[:37] + '...'}'"


def _blank(c):
    return "\t" if c == "\t" else "  " if east_asian_width(c) in "WF" else " "
