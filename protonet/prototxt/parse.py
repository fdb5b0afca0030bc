"""Read a prototxt: `load(path)` gives a Document, whose `message` says what was written, and which knows where.

    document = load("train_val.prototxt")              # a NetParameter, unless kind= says otherwise
    document.message.layer[2].name
    document.place(2)                                  # "train_val.prototxt:31:1", for what is found wrong later
    document.place_of("layer", 2, "convolution_param", "pad")
    document.warnings                                  # unknown parameters that were kept, or ignored

All errors of a file come in one ParseError: place, cause, source line, caret, and what may have been meant.
"""

import re
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from protonet.errors import ParseError
from protonet.proto import caffe_pb2
from protonet.prototxt import tree
from protonet.prototxt.bind import Binder
from protonet.prototxt.problems import EnoughError, Problems

MAX_BYTES = tree.MAX_CHARACTERS
UTF_16_OR_32 = b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"


class Document:
    """A message, and the text it was read from."""

    def __init__(self, message, path, root, problems, warnings):
        self.message, self.path = message, path
        self.warnings = warnings
        self._root, self._problems = root, problems

    def place(self, index):
        """Where the `index`-th layer stands, counted as written, whether `layer` or `layers`: "file:line:column"."""
        return self._problems.place(self._layers[index])

    @cached_property
    def _layers(self):
        return [offset for name, offset, _ in tree.entries(self._root.children) if name in ("layer", "layers")]

    def place_of(self, *path):
        """Where a field stands: names, each with an index behind it if not the first is meant.

        For a field that is not written, the place of what it would stand in.
        """
        return self._problems.place(self._offset(path))

    def _offset(self, path):
        children, offset = self._root.children, 0
        for name, index in _steps(path):
            found = (entry for entry in tree.entries(children) if entry[0] == name)
            entry = next((entry for i, entry in enumerate(found) if i == index), None)
            if entry is None:
                break
            _, offset, node = entry
            children = node.children if node is not None else []
        return offset

    def check_required(self):
        """Refuse a message that lacks what its type requires."""
        if self.message.IsInitialized():
            return
        with suppress(EnoughError):
            for path in self.message.FindInitializationErrors():
                steps = [int(part) if part.isdigit() else part for part in re.findall(r"\w+", path)]
                self._problems.add(self._offset(steps[:-1]), f"{path} is required, and missing")
        raise self._problems.error()


def load(path, kind="NetParameter", ignore_unknown=False):
    """The Document of a file.  `kind` is the message's name in caffe.proto."""
    try:
        if Path(path).stat().st_size > MAX_BYTES:
            raise ParseError(f"larger than {MAX_BYTES >> 20} MB: is this a prototxt?", path)
        data = Path(path).read_bytes()
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror or error}", path) from None
    return loads(data, kind, str(path), ignore_unknown, path)


def load_prototxt(path, kind="NetParameter", ignore_unknown=False):
    """The message in a file."""
    return load(path, kind, ignore_unknown).message


def loads(text, kind="NetParameter", name="<text>", ignore_unknown=False, path=None):
    """The Document of a string, or of the bytes of a file; `name` is what places are given in."""
    message = getattr(caffe_pb2, kind)()
    text = decode(text, name) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    problems = Problems(text, name)
    root = tree.parse(text, problems)
    binder = Binder(text, problems, ignore_unknown)
    if root is not None:
        with suppress(EnoughError):
            binder.bind(message, root.children)
    if problems.found:
        raise problems.error()
    warnings = [f"{problems.place(offset)}: {warning}" for offset, warning in sorted(binder.warnings)]
    document = Document(message, path, root, problems, warnings)
    document.check_required()
    return document


def decode(data, name):
    """The characters of a file.  Bytes that are not UTF-8 are let through: most stand in comments."""
    if data.startswith(UTF_16_OR_32):
        raise ParseError("this is UTF-16 or UTF-32: save the file as UTF-8", f"{name}:1:1")
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    if "\0" in text:
        place = Problems(text, name).place(text.index("\0"))
        raise ParseError("a zero byte: this is a binary file (a caffemodel?), not a prototxt", place)
    return text


KINDS = "NetParameter", "SolverParameter", "LabelMap"


def kind_of(text):
    """Which of KINDS a text is: by the first name at its top that only one of them has.  Cheap; never an error."""
    fields = {kind: getattr(caffe_pb2, kind).DESCRIPTOR.fields_by_name for kind in KINDS}
    depth = 0
    for match in _TOP.finditer(text):
        brace, name = match.groups()
        if brace:
            depth += 1 if brace in "{<" else -1
        elif name and depth == 0:
            owners = [kind for kind in KINDS if name in fields[kind]]
            if len(owners) == 1:
                return owners[0]
    return KINDS[0]


_TOP = re.compile(rf"#[^\n]*|{tree.STRING}|([{{}}<>])|({tree.NAME})(?={tree.GAP}[:{{<])")


def _steps(path):
    steps: list[tuple[str, int]] = []
    for part in path:
        if isinstance(part, int):
            steps[-1] = steps[-1][0], part
        else:
            steps.append((part, 0))
    return steps
