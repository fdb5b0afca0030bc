"""One value as it is written, to the value it stands for, as the type of its field asks.

    int32   12   0x1F   017 (octal)   - 3         bool     true True t 1   false False f 0
    float   1.5f   .5   2.   1e-3   -inf   NaN    string   "a\\tb" 'c' "\\u00e9"   (these three are one)
    enum    MAX   or its number                   bytes    likewise, and "\\xff"

As protobuf's C++ parser reads them: an integer too large for its field is refused, a float too large is infinite,
a float has no octal or hexadecimal form, nor has an unsigned integer a sign.
"""

import re

from google.protobuf.descriptor import FieldDescriptor as F

from protonet.prototxt.problems import short
from protonet.prototxt.suggest import did_you_mean
from protonet.prototxt.tree import ELEMENT, GAP, STRING

INTEGER = re.compile(rf"(-{GAP})?(?:(0[xX][0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))")
FLOAT = re.compile(
    rf"(-{GAP})?(?:((?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fF]?|((?i:inf|infinity|nan)))"
)
BOOLS = {"true": True, "True": True, "t": True, "false": False, "False": False, "f": False}
SET, APPEND, EXTEND = range(3)  # how a field takes a value
QUOTED = re.compile("[\"'#]")
PLAIN = re.compile(r"""("[^"\\]*"|'[^'\\]*')""")
PIECES = re.compile(rf"{GAP}({STRING})")
ESCAPE = re.compile(
    rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|([abfnrtv\\?'\"])|(.?))",
    re.DOTALL,
)
SIMPLE = dict(zip(b"abfnrtv\\?'\"", b"\a\b\f\n\r\t\v\\?'\"", strict=True))
RANGES = {
    F.CPPTYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    F.CPPTYPE_INT64: (-(1 << 63), (1 << 63) - 1),
    F.CPPTYPE_UINT32: (0, (1 << 32) - 1),
    F.CPPTYPE_UINT64: (0, (1 << 64) - 1),
}


def read_field(field, text):
    """What is written behind `field:`, a value or a list: (value, how the field takes it)."""
    several = repeated(field)
    if text[0] != "[":
        if field.message_type is not None:
            raise ValueError(f"expected '{{', found {short(text)}")
        return read(field, text), APPEND if several else SET
    if not several:
        raise ValueError("can be given once, found a list")
    elements = _elements(text)
    if elements and field.message_type is not None:
        raise ValueError(f"expected '{{', found {short(elements[0])}")
    return [read(field, element) for element in elements], EXTEND


def _elements(text):
    """The values in a list, as written."""
    if QUOTED.search(text):
        return [element for element in ELEMENT.findall(text) if element]
    text = text[1:-1].strip()
    return [element.strip() for element in text.split(",")] if text else []


def repeated(field):
    """Whether a field takes any number of values."""
    try:
        return field.is_repeated
    except AttributeError:  # protobuf before 6.31
        return field.label == field.LABEL_REPEATED


def read(field, text):
    """The value of `field` that is written `text`; ValueError says what it should have been."""
    kind = field.cpp_type
    if kind == F.CPPTYPE_STRING:
        return string(text, field.type == F.TYPE_BYTES)
    if kind in RANGES:
        return _integer(text, *RANGES[kind])
    if kind == F.CPPTYPE_ENUM:
        return _enum(text, field.enum_type)
    if kind == F.CPPTYPE_BOOL:
        return _bool(text)
    return _float(text)


def _integer(text, least, most):
    match = INTEGER.fullmatch(text)
    if not match or (match[1] and not least):
        what = "an integer" if least else "an integer of 0 or more"
        octal = ", which is not octal though it begins with 0" if re.fullmatch(r"-?0[0-9]+", text) else ""
        raise ValueError(f"expected {what}, found {short(text)}{octal}")
    sign, hexadecimal, octal, decimal = match.groups()
    if len(text) > 100:
        raise ValueError(f"expected an integer, found one of {len(text):,} digits")
    value = int(hexadecimal, 16) if hexadecimal else int(octal, 8) if octal else int(decimal)
    value = -value if sign else value
    if not least <= value <= most:
        raise ValueError(f"expected an integer from {least} to {most}, found {short(text)}")
    return value


def _float(text):
    match = FLOAT.fullmatch(text)
    if not match:
        form = " in decimal form" if INTEGER.fullmatch(text) else ""
        raise ValueError(f"expected a number{form}, found {short(text)}")
    value = float(match[2] or match[3])
    return -value if match[1] else value


def _bool(text):
    if text in BOOLS:
        return BOOLS[text]
    try:
        return bool(_integer(text, 0, 1))
    except ValueError:
        raise ValueError(f"expected true or false, found {short(text)}") from None


def _enum(text, enum):
    names = enum.values_by_name
    if text in names:
        return names[text].number
    if INTEGER.fullmatch(text):
        number = _integer(text, *RANGES[F.CPPTYPE_INT32])
        if number in enum.values_by_number:
            return number
    hint = did_you_mean(text.strip("\"'"), names) or (f" (it can be {', '.join(names)})" if len(names) < 9 else "")
    raise ValueError(f"{short(text)} is no {enum.name}{hint}")


def string(text, is_bytes=False):
    """What one or more quoted strings stand for."""
    if PLAIN.fullmatch(text) and text.isascii():
        return text[1:-1].encode() if is_bytes else text[1:-1]
    pieces = PIECES.findall(text)
    if not pieces:
        raise ValueError(f"expected a string in quotes, found {short(text)}")
    data = b"".join(ESCAPE.sub(_escape, piece[1:-1].encode("utf-8", "surrogateescape")) for piece in pieces)
    if is_bytes:
        return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{data[error.start]:02x}"
        raise ValueError(f"{byte} of the string {short(text)} is not UTF-8: save the file as UTF-8") from None


def _escape(match):
    octal, two, high, low, four, eight, simple, other = match.groups()
    if octal:
        return bytes([int(octal, 8) & 255])
    if two:
        return bytes([int(two, 16)])
    if high:  # a character beyond 0xffff, as two halves
        code = 0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00
        return chr(code).encode()
    if four or eight:
        return chr(int(four or eight, 16)).encode("utf-8", "surrogatepass")
    if simple:
        return bytes([SIMPLE[simple[0]]])
    found = "\\" + other.decode("latin-1")
    raise ValueError(f"{short(found)} is no escape: write '/' in a path, or '\\\\' for a backslash")
