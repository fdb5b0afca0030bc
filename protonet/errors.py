"""What can go wrong, as one tree.  Users catch ProtonetError; its text names place, cause and a way out.

ProtonetError
  ParseError        a prototxt that does not read: syntax, unknown fields, wrong values
  NetError          layers that do not fit together: unknown bottoms, doubled tops, wrong counts
    ShapeError      a layer that cannot take these shapes or these parameters
  WeightsError      blobs that do not fit the net, or a file that holds none
  DataError         an input that cannot be read, or holds what no layer can use (a label out of range)
  SolverError       a solver that contradicts itself, or a run that went wrong (loss is NaN)
  DeployError       a net that cannot be deployed, or whose proof failed
  MissingExtra      an optional dependency that is not installed
"""


class ProtonetError(Exception):
    """`where` is "file:line:col" or "file: layer 'x'" or empty; `at` adds it from outside, innermost place first."""

    def __init__(self, message, where=""):
        self.message, self.where = str(message), str(where)
        super().__init__(self.message)

    def at(self, where):
        """The same error, at a place: what knows the shape need not know the file."""
        self.where = f"{where}: {self.where}" if self.where else str(where)
        return self

    def __str__(self):
        return f"{self.where}: {self.message}" if self.where else self.message


class ParseError(ProtonetError):
    """Text that does not read as the message it should be; `errors` holds one ParseError for each place."""

    def __init__(self, message, where="", errors=()):
        super().__init__(message, where)
        self.errors = list(errors) or [self]


class NetError(ProtonetError):
    """Layers that do not fit together."""


class ShapeError(NetError):
    """A layer that cannot take these shapes, or whose parameters contradict each other."""


class WeightsError(ProtonetError):
    """Blobs that do not fit the net."""


class DataError(ProtonetError):
    """An input that cannot be read or used."""


class SolverError(ProtonetError):
    """A solver that contradicts itself, or a run that went wrong; `field` is what in its prototxt is to blame."""

    def __init__(self, message, where="", field=""):
        super().__init__(message, where)
        self.field = field


class DeployError(ProtonetError):
    """A net that cannot be deployed, or whose proof failed."""


class MissingExtra(ProtonetError):
    """An optional dependency that is not installed; the message names the extra."""

    def __init__(self, package, extra):
        super().__init__(f"this needs {package}: pip install 'protonet[{extra}]'")
