"""From the tree of a text to a message: which field each name is, and which value.  Knows descriptors, not Caffe.

An unknown field is an error, with a suggestion.  One message type may keep what it does not know: the one that has
a field `unparsed` (repeated string), which is LayerParameter.  There, an unknown `*_param { ... }`, or any unknown
field if the layer's type is unknown as well, stays as text, so that a net of foreign layers can be read, shown and
written; who builds the layer must refuse it.

Most statements of a net occur often (`stride: 1`), so each message type remembers what a statement came to.
"""

from typing import Any

from protonet.prototxt import suggest
from protonet.prototxt.problems import short
from protonet.prototxt.scalar import APPEND, EXTEND, read_field, repeated
from protonet.prototxt.tree import STATEMENT, bracket, first, name_of

MAX_DEPTH = 100
MEMO = 10_000  # statements remembered for one message type


class MessageType:
    """A descriptor, made ready: fields by name, and statements already read."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.fields = dict(descriptor.fields_by_name)
        self.keeps = self.fields.pop("unparsed", None) is not None
        self.memo: dict[str, tuple[str, Any, int]] = {}


class Unknown:
    """A field that its message type does not have: its name, where it stands, its whole text."""

    def __init__(self, name, offset, text, is_message):
        self.name, self.offset, self.text, self.is_message = name, offset, text, is_message


class Binder:
    """Fills one message from one tree.  Problems and warnings are (offset, text)."""

    def __init__(self, text, problems, ignore_unknown=False):
        self.text, self.problems, self.ignore_unknown = text, problems, ignore_unknown
        self.warnings: list[tuple[int, str]] = []
        self.types: dict[str, MessageType] = {}
        self.outer: list[Any] = []  # the descriptors around the message at hand

    def bind(self, message, children):
        """Fill `message` from the children of its node."""
        kind = self._type(message.DESCRIPTOR)
        seen: set[str] = set()
        unknown: list[Unknown] = []
        for child in children:
            sort = getattr(child, "type", None)  # of a token
            if sort is None:
                self._nested(message, kind, child, seen, unknown)
            elif sort == "RUN":
                self._run(message, kind, child, seen, unknown)
            if unknown and not (kind.keeps or self._report(kind, unknown)):
                return  # a brace is missing: the rest would be wrong as well
        if kind.keeps and unknown:
            self._keep(message, kind, unknown)

    def _type(self, descriptor):
        found = self.types.get(descriptor.full_name)
        if found is None:
            found = self.types[descriptor.full_name] = MessageType(descriptor)
        return found

    def _run(self, message, kind, run, seen, unknown):
        """Statements that follow one another."""
        memo = kind.memo
        for index, (statement, name, value) in enumerate(STATEMENT.findall(run)):
            said = memo.get(statement) or self._read(kind, run, index, statement, name, value, unknown)
            if said is None:
                continue
            name, value, how = said
            if how == APPEND:
                getattr(message, name).append(value)
            elif how == EXTEND:
                getattr(message, name).extend(value)
            elif name in seen:
                self._twice(kind, name, run.start_pos + _nth(run, index).start(2))
            else:
                seen.add(name)
                setattr(message, name, value)

    def _read(self, kind, run, index, statement, name, value, unknown):
        """What a statement says: (name, value, how to store it), remembered; None if that is not to be had."""
        field = kind.fields.get(name)
        if field is None:
            unknown.append(Unknown(name, run.start_pos + _nth(run, index).start(2), statement, False))
            return None
        try:
            result = (name, *read_field(field, value))
        except ValueError as error:
            self.problems.add(run.start_pos + _nth(run, index).start(3), f"{name}: {error}")
            return None
        if len(kind.memo) >= MEMO:
            kind.memo.clear()
        kind.memo[statement] = result
        return result

    def _nested(self, message, kind, node, seen, unknown):
        """A block, or a list of blocks."""
        head, *_, last = node.children
        offset, name = head.start_pos, name_of(head)
        field = kind.fields.get(name)
        if name is None:
            if offset not in self.problems.broken:
                self.problems.add(offset, f"expected the name of a field before '{head[0]}'")
        elif field is None:
            unknown.append(Unknown(name, offset, self.text[offset : last.start_pos + 1], True))
        elif field.message_type is None:
            self.problems.add(offset, f"expected ':' and a value after '{name}', found a message")
        elif node.data == "list" and not repeated(field):
            self.problems.add(offset, f"{name} can be given once, found a list")
        elif name in seen:
            self._twice(kind, name, offset)
        else:
            if not repeated(field):
                seen.add(name)
            for block in node.children[1:-1] if node.data == "list" else (node,):
                self._block(message, field, block)

    def _block(self, message, field, node):
        """One message inside another."""
        opener, *children, closer = node.children
        if (closer[:1] == ">" or "<" in opener) and bracket(opener) + closer[:1] not in ("{}", "<>", "{", "<"):
            self.problems.add(closer.start_pos, f"{first(opener)} cannot end with '{closer[0]}'")
        if len(self.outer) >= MAX_DEPTH:
            self.problems.add(opener.start_pos, f"messages are nested deeper than {MAX_DEPTH}")
            return
        if repeated(field):
            inner = getattr(message, field.name).add()
        else:
            inner = getattr(message, field.name)
            inner.SetInParent()
        self.outer.append(message.DESCRIPTOR)
        self.bind(inner, children)
        self.outer.pop()

    def _twice(self, kind, name, offset):
        self.problems.add(offset, f"'{name}' is given twice in one {kind.descriptor.name}, which takes it once")

    def _misplaced(self, field):
        """Whether an unknown field belongs to a message around this one: this one was not ended, most likely."""
        return any(field.name in outer.fields_by_name for outer in self.outer)

    def _report(self, kind, unknown, layer_type=""):
        """Unknown fields where none may be.  False if going on makes no sense."""
        for field in unknown:
            misplaced = self._misplaced(field)
            if self.ignore_unknown and not (misplaced and field.is_message):
                self.warnings.append((field.offset, f"unknown field '{field.name}' is ignored"))
                continue
            if field.name[0] == "[":
                text = f"{short(field.name)}: extensions and Any have no place in Caffe's files"
            else:
                hint = suggest.where_else(field.name, kind.fields, self.outer, layer_type)
                text = f"unknown field '{field.name}' in {kind.descriptor.name}{hint}"
            self.problems.add(field.offset, text)
            if misplaced:
                return False
        unknown.clear()
        return True

    def _keep(self, message, kind, unknown):
        """Unknown fields of a layer: keep what may be the business of a layer type that we do not know."""
        known = not message.type or suggest.knows(message.type, kind.descriptor)
        for field in unknown:
            own = not known or (field.is_message and field.name.endswith("_param") and not self.ignore_unknown)
            if not own or field.name[0] == "[" or self._misplaced(field):
                if not self._report(kind, [field], message.type):
                    return
                continue
            message.unparsed.append(field.text)
            hint = suggest.did_you_mean(field.name, kind.fields)
            self.warnings.append(
                (field.offset, f"layer '{message.name}': '{field.name}' is unknown{hint}: kept as text")
            )


def _nth(run, index):
    """The match of one statement in its run; found again only where something is wrong with it."""
    return next(match for i, match in enumerate(STATEMENT.finditer(run)) if i == index)
