"""How long reading a prototxt takes, beside google.protobuf.text_format: python -m tests.perf.parse [FILE...]

Prints, for the largest nets of the corpus, both times (best of many) and their ratio, which is to stay below 1.5;
and what the first reading in a process costs: importing lark, and building the grammar.
"""

import subprocess
import sys
import time
from pathlib import Path

from google.protobuf import text_format

from protonet.errors import ParseError
from protonet.proto import caffe_pb2
from protonet.prototxt import parse
from tests.conftest import CORPUS, files

ROUNDS = 15
FIRST = """
import logging, time
from protonet.proto import caffe_pb2
from protonet.prototxt import parse
start = time.perf_counter()
parse.loads('name: "x" layer { type: "ReLU" }')
print(time.perf_counter() - start)
"""


def best(*functions):
    """The least time of each, in turns, so that a busy moment falls on all."""
    times = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return map(min, times)


def largest(count=12):
    """The largest files of the corpus that protobuf can read as nets of our schema."""
    for path in sorted(files(CORPUS, "*.prototxt", "*.pt"), key=lambda path: -path.stat().st_size):
        try:
            parse.loads(path.read_bytes())
            text_format.Parse(path.read_text("utf-8"), caffe_pb2.NetParameter())
        except (ParseError, text_format.ParseError):
            continue
        yield path
        count -= 1
        if not count:
            return


def main(names):
    ratios = []
    print(f"{'lines':>7} {'theirs':>8} {'ours':>8} {'ratio':>6}")
    for path in [Path(name) for name in names] or largest():
        text = path.read_text("utf-8")
        theirs, ours = best(
            lambda text=text: text_format.Parse(text, caffe_pb2.NetParameter()), lambda text=text: parse.loads(text)
        )
        ratios.append(ours / theirs)
        lines = text.count("\n")
        print(f"{lines:7} {1e3 * theirs:5.1f} ms {1e3 * ours:5.1f} ms {ours / theirs:6.2f}  {path.name}")
    first = min(float(subprocess.check_output([sys.executable, "-c", FIRST])) for _ in range(7))
    print(f"worst ratio {max(ratios):.2f}; first reading in a process {1e3 * first:.0f} ms")
    return max(ratios)


if __name__ == "__main__":
    main(sys.argv[1:])
