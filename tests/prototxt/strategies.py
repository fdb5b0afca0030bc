"""Random messages of the schema, and random ways to write one down: what the parser must read back alike."""

import struct

from google.protobuf.descriptor import FieldDescriptor as F
from hypothesis import strategies as st

from protonet.prototxt.scalar import repeated

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
NAN = float("nan")  # the only one text can tell
FLOATS = (
    st.floats(width=32, allow_nan=False)
    | st.just(NAN)
    | st.sampled_from([0.1, 1e-7, 123456.79, 16777216.0, 3.4e38, 1e-45, -0.0])
)
SCALARS = {
    F.CPPTYPE_INT32: st.integers(-(1 << 31), (1 << 31) - 1),
    F.CPPTYPE_INT64: st.integers(-(1 << 63), (1 << 63) - 1),
    F.CPPTYPE_UINT32: st.integers(0, (1 << 32) - 1),
    F.CPPTYPE_UINT64: st.integers(0, (1 << 64) - 1),
    F.CPPTYPE_FLOAT: FLOATS.map(lambda x: struct.unpack("f", struct.pack("f", x))[0]),
    F.CPPTYPE_DOUBLE: st.floats(allow_nan=False) | st.just(NAN),
    F.CPPTYPE_BOOL: st.booleans(),
}


def values(field):
    if field.cpp_type == F.CPPTYPE_STRING:
        return st.binary(max_size=6) if field.type == F.TYPE_BYTES else TEXTS
    if field.cpp_type == F.CPPTYPE_ENUM:
        return st.sampled_from([value.number for value in field.enum_type.values])
    return SCALARS[field.cpp_type]


@st.composite
def messages(draw, cls, depth=4):
    """A message of a class with some of its fields set, whichever those are."""
    message = cls()
    fill(draw, message, depth)
    return message


def fill(draw, message, depth):
    fields = [f for f in message.DESCRIPTOR.fields if f.name != "unparsed" and (depth or not f.message_type)]
    chosen = draw(st.lists(st.sampled_from(fields), max_size=4, unique_by=lambda f: f.name)) if fields else []
    required = [f for f in message.DESCRIPTOR.fields if f.has_default_value is False and _required(f)]
    for field in {f.name: f for f in (*chosen, *required)}.values():
        target = getattr(message, field.name)
        if field.message_type and repeated(field):
            for _ in range(draw(st.integers(0, 2))):
                fill(draw, target.add(), depth - 1)
        elif field.message_type:
            target.SetInParent()
            fill(draw, target, depth - 1)
        elif repeated(field):
            target.extend(draw(st.lists(values(field), max_size=3)))
        else:
            setattr(message, field.name, draw(values(field)))


def _required(field):
    return field.is_required if hasattr(field, "is_required") else field.label == field.LABEL_REQUIRED


GAPS = st.sampled_from(["", " ", "\n", "\r\n", "\t", ' # a } comment: "\n', "#\n  "])
SPACE = GAPS.map(lambda gap: gap or " ")
ENDS = st.sampled_from([" ", "\n", ";", ",", " ; ", "\r\n", "# {\n"])


@st.composite
def writings(draw, message):
    """The text of a message in some style: quotes, brackets, lists, separators, comments, forms of numbers."""
    return draw(GAPS) + "".join(draw(_field(field, value)) for field, value in message.ListFields())


@st.composite
def _field(draw, field, value):
    elements = list(value) if repeated(field) else [value]
    as_list = repeated(field) and draw(st.booleans())
    if field.message_type:
        written = [draw(_block(element)) for element in elements]
        colon = draw(st.sampled_from([":", ""]))
    else:
        written = [draw(_scalar(field, element)) for element in elements]
        colon = ":"
    name = field.name + draw(GAPS) + colon + draw(GAPS)
    if as_list:
        return name + "[" + draw(GAPS) + (draw(GAPS) + "," + draw(GAPS)).join(written) + draw(GAPS) + "]" + draw(ENDS)
    return "".join(name + each + draw(ENDS) for each in written)


@st.composite
def _block(draw, message):
    opener, closer = draw(st.sampled_from(["{}", "<>"]))
    return opener + draw(GAPS) + draw(writings(message)) + draw(GAPS) + closer


@st.composite
def _scalar(draw, field, value):
    kind = field.cpp_type
    if kind == F.CPPTYPE_STRING:
        return draw(_string(value if isinstance(value, bytes) else value.encode()))
    if kind == F.CPPTYPE_BOOL:
        return draw(st.sampled_from(["true", "True", "t", "1", "0x1"] if value else ["false", "False", "f", "0", "00"]))
    if kind == F.CPPTYPE_ENUM and draw(st.booleans()):
        return field.enum_type.values_by_number[value].name
    if kind in (F.CPPTYPE_FLOAT, F.CPPTYPE_DOUBLE):
        return draw(_float(value))
    sign = "-" + draw(st.sampled_from(["", " ", "\n"])) if value < 0 else ""
    return sign + draw(st.sampled_from([str, hex, lambda n: f"0{n:o}"]))(abs(value))


@st.composite
def _float(draw, value):
    if value != value:
        return draw(st.sampled_from(["nan", "NaN", "NAN"]))
    sign = "-" + draw(st.sampled_from(["", " "])) if str(value)[0] == "-" else ""
    if abs(value) == float("inf"):
        return sign + draw(st.sampled_from(["inf", "INF", "Infinity"]))
    return (
        sign
        + repr(abs(value)).removesuffix(".0" if draw(st.booleans()) else "")
        + draw(st.sampled_from(["", "f", "F"]))
    )


@st.composite
def _string(draw, data):
    """Bytes, in pieces, each byte in one of its forms."""
    pieces = [data[: len(data) // 2], data[len(data) // 2 :]] if draw(st.booleans()) else [data]
    written = []
    for piece in pieces:
        quote = draw(st.sampled_from("\"'"))
        form = draw(st.sampled_from(["\\{:03o}", "\\x{:02x}", "\\X{:02X}"]))
        plain = draw(st.booleans())
        text = "".join(chr(b) if plain and 32 <= b < 127 and chr(b) not in "\"'\\" else form.format(b) for b in piece)
        written.append(quote + text + quote)
    return draw(SPACE).join(written)
