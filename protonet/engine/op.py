"""Operations: what a plan consists of before it is steps."""

from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class Op:
    """Something that reads and writes cells: lower(lowering) emits its steps.  x, y: the first of either."""

    layer: Any
    reads: list
    writes: list

    @property
    def x(self):
        return self.reads[0]

    @property
    def y(self):
        return self.writes[0]

    def lower(self, to):
        raise NotImplementedError
