"""dialect: nets in binary, as each fork numbers its fields.

    from_wire(bytes) -> NetParameter        to_wire(message) -> bytes

Text names never clash: proto/caffe.proto has a field for each.  Numbers do: 149 in a layer is Intel's engine, the
reorg_param of a YOLO port, the center_loss_param of caffe-face.  forks.py says which; the layer's type decides, and
where it does not, the kind of what lies there (a varint is no message).  Reading gives each field the number that
our schema has for it; writing gives it the fork's again, if it would be read back as the same field, and else leaves
our private number, which other readers skip.

The surprise: what can only be another fork's message of the same number is kept, but out of sight (in a number that
the schema does not know), so that it is written again unharmed.
"""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError, EncodeError

from protonet.errors import ParseError
from protonet.proto import caffe_pb2, wire
from protonet.proto.claims import LAYER, Message, messages

FOREIGN = 400_000_000  # added to the number of what is kept out of sight
PRIVATE = 500_000_000
TYPE, LAST_OF_BVLC = 2, 148  # numbers in a layer

Route = Callable[[Message, int, int, str], int]


def from_wire(data: Any, kind: str = "NetParameter") -> Any:
    """The message that these bytes are."""
    result = getattr(caffe_pb2, kind)
    try:
        changed = _walk(data, 0, len(data), messages()[kind], "", ours)
        try:
            return result.FromString(bytes(data) if changed is None else changed)
        except DecodeError:  # a message of a fork that nobody told us of
            changed = _walk(data, 0, len(data), messages()[kind], "", ours_for_sure)
            return result.FromString(bytes(data) if changed is None else changed)
    except (wire.Broken, DecodeError) as error:
        raise ParseError(f"expected a {kind} in protobuf's binary form, found something else ({error})") from None


def to_wire(message: Any) -> bytes:
    """The bytes of a NetParameter or of a part of one, in the order of our numbers."""
    try:
        data = message.SerializeToString(deterministic=True)
    except EncodeError as error:
        raise ParseError(f"expected a whole {message.DESCRIPTOR.name} to write: {error}") from None
    layer_type = message.type if message.DESCRIPTOR.name == LAYER else ""
    changed = _walk(data, 0, len(data), messages()[message.DESCRIPTOR.name], layer_type, theirs)
    return data if changed is None else changed


def ours(message: Message, number: int, kind: int, layer_type: str) -> int:
    """The number our schema has for what lies at `number` of a file."""
    claims = message.claims.get(number, [])
    for claim in claims:
        if claim.fits(kind, layer_type):
            return claim.ours
    if kind in message.kinds.get(number, ()):
        mine = [claim for claim in claims if claim.ours == number]
        is_contested = any(claim.types and claim.ours != number for claim in claims)
        return FOREIGN + number if is_contested and mine and all(claim.types for claim in mine) else number
    return next((claim.ours for claim in claims if not claim.types and kind in claim.kinds), number)


def ours_for_sure(message: Message, number: int, kind: int, layer_type: str) -> int:
    """The same for a layer in which something does not read: only what its type says is a message."""
    found = ours(message, number, kind, layer_type)
    is_claimed = any(claim.fits(kind, layer_type) for claim in message.claims.get(number, ()))
    is_doubtful = message.name == LAYER and kind == wire.BYTES and LAST_OF_BVLC < found < FOREIGN
    return FOREIGN + number if is_doubtful and not is_claimed else found


def theirs(message: Message, number: int, kind: int, layer_type: str) -> int:
    """The number to write for our `number`."""
    if FOREIGN <= number < PRIVATE:
        return number - FOREIGN
    for types, other in message.numbers.get(number, ()):
        if (not types or layer_type in types) and ours(message, other, kind, layer_type) == number:
            return other
    return number


def _walk(data: Any, begin: int, end: int, message: Message, layer_type: str, route: Route) -> bytes | None:
    """The message with each number as `route` says; None where nothing changes."""
    if message.name == LAYER:
        for number, kind, start, stop in wire.fields(data, begin, end):
            if (number, kind) == (TYPE, wire.BYTES):
                layer_type = bytes(data[start:stop]).decode("utf-8", "replace")
    view = memoryview(data)
    parts: list[Any] = []
    at = kept = begin
    for number, kind, start, stop in wire.fields(data, begin, end):
        other = route(message, number, kind, layer_type)
        field = number if route is theirs else other
        value: Any = None
        if kind == wire.BYTES and field in message.inside:
            value = _walk(data, start, stop, message.inside[field], layer_type, route)
        elif kind == wire.VARINT:
            value = _value(message, field, start, layer_type, route)
        if other != number or value is not None:
            if value is None:
                value = start if kind == wire.VARINT else view[start:stop]
            parts += [view[kept:at], wire.field(other, kind, value)]
            kept = stop
        at = stop
    return b"".join([*parts, view[kept:end]]) if parts else None


def _value(message: Message, field: int, value: int, layer_type: str, route: Route) -> int | None:
    types, values = message.values.get(field, (frozenset(), {}))
    if layer_type not in types:
        return None
    return {mine: other for other, mine in values.items()}.get(value) if route is theirs else values.get(value)
