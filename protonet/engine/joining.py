"""Concat and Slice along channels: parts lie where the whole does.  Flatten and Reshape of plain cells cost nothing."""

from protonet.engine.copying import Place
from protonet.engine.elementwise import blocked
from protonet.engine.layout import BLOCKED, PLAIN
from protonet.engine.plan import builds
from protonet.kernels.simd import W


@builds("Concat")
def concat(planner, unit):
    """Where all parts but the last are whole blocks."""
    values = unit.inputs
    if not blocked(planner, *values) or unit.layer.axis(unit.output.shape) != 1:
        return False
    if any(value.shape[1] % W for value in values[:-1]):
        return False
    whole, first, copied, parts = planner.give(unit.output, BLOCKED), 0, [], []
    for value in values:
        cell = planner.want(value, BLOCKED)
        if cell.movable:
            cell.put(whole, first)
        else:
            copied.append(cell)
            parts.append(planner.part(value, whole, first))
        first += cell.blocks
    if copied:
        planner.ops.append(Place(unit.layer, copied, [whole], parts))
    return True


@builds("Slice")
def slice_(planner, unit):
    (value,), node = unit.inputs, unit.node
    if not blocked(planner, value) or unit.layer.axis(value.shape) != 1:
        return False
    if any(top.shape[1] % W for top in node.outputs[:-1]):
        return False
    x, first = planner.want(value, BLOCKED), 0
    for top in node.outputs:
        planner.give(top, BLOCKED).put(x, first)
        first += top.shape[1] // W
    return True


@builds("Flatten", "Reshape")
def reshaped(planner, unit):
    """The same numbers in the same order."""
    x = planner.want(unit.inputs[0], PLAIN)
    planner.give(unit.output, PLAIN, root=x)
    return True
