"""What joins values: Concat and Eltwise sums; Flatten and Reshape.  Parts lie where the whole does."""

from protonet.engine.copying import Place
from protonet.engine.elementwise import Combine
from protonet.engine.fuse import Act
from protonet.engine.layout import BLOCKED, PLAIN, Cell
from protonet.engine.train.elementwise import masked
from protonet.engine.train.plan import builds
from protonet.engine.train.units import plain_sum
from protonet.kernels.pointwise_blocked import SUM
from protonet.kernels.simd import W


def part(value, whole, first):
    cell = Cell(value.shape, whole.form, value.name)
    cell.put(whole, first)
    return cell


@builds("Concat")
def concat(planner, unit):
    """Along channels, where all parts but the last are whole blocks."""
    values, output = unit.inputs, unit.output
    if not planner.blocked(*values) or unit.layer.axis(output.shape) != 1:
        return None
    if any(value.shape[1] % W for value in values[:-1]):
        return None
    whole, first, copied, parts, places = planner.give(output, BLOCKED), 0, [], [], []
    for value in values:
        cell = planner.want(value, BLOCKED)
        places.append(first)
        if cell.movable:
            cell.put(whole, first)
        else:
            copied.append(cell)
            parts.append(part(value, whole, first))
        first += cell.blocks
    if copied:
        planner.ops.append(Place(unit.layer, copied, [whole], parts))

    def backward():
        if planner.arrived(output) and any(unit.node.wants):
            gradient = planner.gradient(output, BLOCKED)
            for value, want, at in zip(values, unit.node.wants, places, strict=True):
                if want:
                    planner.contribute(value, part(value, gradient, at))

    return backward


@builds("Eltwise")
def eltwise(planner, unit):
    """The sum of two, and what a ReLU leaves of it."""
    values, output = unit.inputs, unit.output
    if not planner.blocked(*values) or not plain_sum(unit.node):
        return None
    x, r = (planner.want(value, BLOCKED) for value in values)
    y = planner.give(output, BLOCKED)
    planner.ops.append(Combine(unit.layer, [x, r], [y], SUM, (1.0, 1.0), Act(lo=0.0) if unit.relu else Act()))

    def backward():
        if planner.arrived(output) and any(unit.node.wants):
            gradient = planner.gradient(output, BLOCKED)
            if unit.relu:
                gradient = masked(planner, unit.layer, y, gradient, output)
            for value, want in zip(values, unit.node.wants, strict=True):
                if want:
                    planner.contribute(value, gradient)

    return backward


@builds("Flatten", "Reshape")
def reshaped(planner, unit):
    """The same numbers in the same order."""
    (value,), output = unit.inputs, unit.output
    if output in planner.ends:
        return None
    x = planner.want(value, PLAIN)
    planner.give(output, PLAIN, root=x)

    def backward():
        if planner.arrived(output) and any(unit.node.wants):
            gradient = planner.gradient(output, PLAIN)
            planner.contribute(value, Cell(value.shape, PLAIN, gradient.name, root=gradient))

    return backward
