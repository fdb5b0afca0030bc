"""Files of programs: damaged, they are refused, or run where weights are; changed on purpose, refused or loaded."""

import hashlib
import json

import numpy as np
from hypothesis import strategies as st

import protonet
from protonet.engine import archive
from protonet.prototxt import parse
from tests.fuzz import draw
from tests.fuzz.text import NET

VALUES = [None, 0, 1, -1, 7, 1 << 31, 1 << 62, -(1 << 62), 0.5, "", "x", [], [0], {}, {"x": 1}, True]


def leaves(content, path=()):
    """The places of all values in a JSON."""
    yield path
    if isinstance(content, dict | list):
        for key in content if isinstance(content, dict) else range(len(content)):
            yield from leaves(content[key], (*path, key))


def put(content, path, value):
    """The content with another value at a place."""
    if not path:
        return value
    copy = content.copy()
    copy[path[0]] = put(content[path[0]], path[1:], value)
    return copy


def signed(content, rest):
    """A file whose checksum is right."""
    text = json.dumps(content, separators=(",", ":")).encode()
    begin = archive.start(len(text))
    head = archive.HEAD.pack(
        archive.MAGIC, archive.VERSION, begin + len(rest), len(text), hashlib.sha256(text).digest()
    )
    return (head.ljust(archive.START, b"\0") + text).ljust(begin, b"\0") + rest


def target(folder):
    net = parse.loads(NET)
    model = protonet.Net(net, protonet.TEST, seed=1).weights()
    path = folder / "a.program"
    protonet.compile(net, model, threads=1).save(path)
    data = path.read_bytes()
    _, _, _, size, _ = archive.HEAD.unpack(data[: archive.HEAD.size])
    content, rest = json.loads(data[archive.START : archive.START + size]), data[archive.start(size) :]
    places, x = list(leaves(content)), np.ones((2, 3, 8, 8), np.float32)

    @st.composite
    def cases(draw_):
        if draw_(st.booleans()):
            return "bytes", draw.damaged(draw_, data), ()
        at, value = draw_(st.sampled_from(places)), draw_(st.sampled_from(VALUES) | st.sampled_from(places))
        if isinstance(value, tuple):  # what stands elsewhere
            made = content
            for key in value:
                made = made[key]
            value = made
        return "json", signed(put(content, at, value), rest), (at, value)

    def attempt(case):
        kind, made, what = case
        (folder / "case").write_text(f"{kind} {what!s:.2000} {hashlib.sha256(made).hexdigest()}")
        path = folder / "case.program"
        path.unlink(missing_ok=True)  # an earlier one may be mapped
        path.write_bytes(made)
        program = protonet.Program.load(path, threads=1)
        if kind == "bytes":  # a plan that somebody has changed may do anything
            program.run(x)

    return cases(), attempt
