"""What targets draw: texts, bytes and messages that are nearly right."""

import re

from google.protobuf.descriptor import FieldDescriptor as F
from hypothesis import strategies as st

from protonet.prototxt.scalar import repeated

WORDS = ["-1", "0", "1", "2", "3", "7", "1000000", "2147483647", "4294967295", "1000000000000", "nan", "inf", "1e38"]
WORDS += ["true", "TEST", "MAX", '"data"', '"conv1"', "{", "}", ":", "#", "layer", "layers", "bottom", "top", "param"]
SIZES = st.sampled_from([0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 16, -1, -2, 100, 2147483647])
REALS = st.sampled_from([0.0, 1.0, 0.5, 2.0, -1.0, 1e-3, 1e30, -0.5, float("nan"), float("inf")])
TAME = st.sampled_from([0.0, 1.0, 0.5, 2.0, -1.0, 0.1, 1.5, -0.5])  # what leaves numbers as large as they are
NAMES = ["", "x", "constant", "xavier", "msra"]


@st.composite
def texts(draw, bases):
    """A text with some of its tokens changed."""
    tokens = re.findall(r'"[^"]*"|[\w.+-]+|\s+|.', draw(st.sampled_from(bases)), re.S)
    for _ in range(draw(st.integers(1, 4))):
        if not tokens:
            break
        at, what = (
            draw(st.integers(0, len(tokens) - 1)),
            draw(st.sampled_from(["word", "other", "cut", "twice", "text"])),
        )
        if what == "word":
            tokens[at] = draw(st.sampled_from(WORDS))
        elif what == "other":
            tokens[at] = tokens[draw(st.integers(0, len(tokens) - 1))]
        elif what == "text":
            tokens[at] = draw(st.text(max_size=5))
        else:
            end = min(len(tokens), at + draw(st.integers(1, 30)))
            tokens[at:end] = [] if what == "cut" else tokens[at:end] * 2
    return "".join(tokens)


@st.composite
def files(draw, bases):
    """(name, content) of one of the files in `bases`, some of its bytes changed."""
    kind = draw(st.sampled_from(sorted(bases)))
    return kind, damaged(draw, bases[kind])


def damaged(draw, content):
    """Bytes with some changes."""
    data = bytearray(content)
    for _ in range(draw(st.integers(0, 5))):
        if not data:
            break
        at = draw(st.integers(0, len(data) - 1) | st.integers(0, min(len(data), 64) - 1))
        what = draw(st.sampled_from(["byte", "high", "cut", "end", "more"]))
        if what in ("byte", "high"):
            data[at] = 255 if what == "high" else draw(st.integers(0, 255))
        elif what == "more":
            data[at:at] = draw(st.binary(min_size=1, max_size=10))
        else:
            del data[at : len(data) if what == "end" else at + draw(st.integers(1, 8))]
    return bytes(data)


def numbers(field, reals):
    """Small numbers, for the most part, that the field can hold."""
    if field.cpp_type in (F.CPPTYPE_FLOAT, F.CPPTYPE_DOUBLE):
        return reals
    if field.cpp_type in (F.CPPTYPE_UINT32, F.CPPTYPE_UINT64):
        return SIZES.map(abs)
    if field.cpp_type == F.CPPTYPE_ENUM:
        return st.sampled_from([value.number for value in field.enum_type.values])
    if field.cpp_type == F.CPPTYPE_BOOL:
        return st.booleans()
    if field.cpp_type == F.CPPTYPE_STRING:
        return st.just(b"x") if field.type == F.TYPE_BYTES else st.sampled_from(NAMES)
    return SIZES


def vary(draw, message, depth=3, reals=REALS, without=("unparsed",), most=3):
    """Set some fields of a message to other things."""
    known = [f for f in message.DESCRIPTOR.fields if f.name not in without and (depth or not f.message_type)]
    for field in draw(st.lists(st.sampled_from(known), max_size=most, unique_by=lambda f: f.name)) if known else ():
        target = getattr(message, field.name)
        if field.message_type:
            vary(draw, target.add() if repeated(field) else target, depth - 1, reals)
        elif repeated(field):
            del target[:]
            target.extend(draw(st.lists(numbers(field, reals), min_size=1, max_size=3)))
        else:
            setattr(message, field.name, draw(numbers(field, reals)))
