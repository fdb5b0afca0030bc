"""claims: the tables of forks.py and the schema, brought together: what may lie where in each kind of message."""

from functools import cache
from typing import Any, NamedTuple

from protonet.proto import caffe_pb2, wire
from protonet.proto.forks import INNER, LAYERS, VALUES

LAYER = "LayerParameter"


class Claim(NamedTuple):
    """A field of our schema that may lie at some number of a file; in layers of any type if none is named."""

    ours: int
    types: frozenset[str]
    kinds: frozenset[int]

    def fits(self, kind: int, layer_type: str) -> bool:
        return kind in self.kinds and layer_type in self.types


class Message(NamedTuple):
    """What is to know of one kind of message."""

    name: str
    kinds: dict[int, frozenset[int]]  # of each field on the wire, by our number
    inside: dict[int, "Message"]  # the messages within it that have to be looked into, by our number
    claims: dict[int, list[Claim]]  # by the number in the file
    numbers: dict[int, list[tuple[frozenset[str], int]]]  # layer types and the number to write, by our number
    values: dict[int, tuple[frozenset[str], dict[int, int]]]  # layer types and enum values, by our number


@cache
def messages() -> dict[str, Message]:
    descriptors = caffe_pb2.DESCRIPTOR.message_types_by_name
    made = {name: Message(name, _kinds(each), {}, {}, {}, {}) for name, each in descriptors.items()}
    for name, field, numbers, types in (*((LAYER, f, n, t) for f, t, n in LAYERS), *INNER):
        number = descriptors[name].fields_by_name[field].number
        claim = Claim(number, frozenset(types.split()), made[name].kinds[number])
        made[name].numbers.setdefault(number, []).append((claim.types, numbers[0]))
        for each in numbers:
            made[name].claims.setdefault(each, []).append(claim)
    for name, field, types, values in VALUES:
        found = descriptors[name].fields_by_name[field]
        mine = {number: found.enum_type.values_by_name[value].number for number, value in values.items()}
        made[name].values[found.number] = frozenset(types.split()), mine

    held = {name: _held(each) for name, each in descriptors.items()}
    busy = {name for name, each in made.items() if each.claims or each.values}
    while more := {name for name in made if busy & set(held[name].values())} - busy:  # who holds a busy one is busy
        busy |= more
    for name, inner in held.items():
        made[name].inside.update((number, made[each]) for number, each in inner.items() if each in busy)
    return made


def _held(descriptor: Any) -> dict[int, str]:
    """The messages within a message, by the number of the field; nested types have no rows in the tables."""
    own = caffe_pb2.DESCRIPTOR.message_types_by_name
    return {f.number: f.message_type.name for f in descriptor.fields if f.message_type and f.message_type.name in own}


def _kinds(descriptor: Any) -> dict[int, frozenset[int]]:
    return {field.number: _kind(field) for field in descriptor.fields}


def _kind(field: Any) -> frozenset[int]:
    """The kinds in which a field may lie on the wire: a list of numbers may be packed."""
    if field.type in (field.TYPE_MESSAGE, field.TYPE_STRING, field.TYPE_BYTES):
        return frozenset({wire.BYTES})
    if field.type == field.TYPE_FLOAT:
        kind = wire.FIXED32
    else:
        kind = wire.FIXED64 if field.type == field.TYPE_DOUBLE else wire.VARINT
    return frozenset({kind, wire.BYTES} if _is_list(field) else {kind})


def _is_list(field: Any) -> bool:
    """The newest runtimes drop `label`, the oldest have no `is_repeated`."""
    known = getattr(field, "is_repeated", None)
    return field.label == field.LABEL_REPEATED if known is None else bool(known)
