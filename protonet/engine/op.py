"""Operations: what a plan consists of before it is steps."""

from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class Op:
    """Something that reads and writes cells: lower(lowering) emits its steps."""

    layer: Any
    reads: list
    writes: list

    def lower(self, to):
        raise NotImplementedError
