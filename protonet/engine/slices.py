"""Slices of a batch: the first units run for a few images at a time, so that large maps stay in the cache.

Early layers have large maps and few weights, late ones the reverse.  Up to a cut, units run for `n` images at a time,
their maps in the same memory again and again; from there on for the whole batch, so that weights are read once.  What
crosses the cut lies in cells of the whole batch, of which each slice makes its part.
"""

from dataclasses import dataclass
from math import inf, prod

from protonet.engine import fuse
from protonet.engine.copying import Place
from protonet.engine.layout import BLOCKED, PLAIN, Cell
from protonet.engine.machine import l2
from protonet.engine.shapes import fed, reshaped
from protonet.errors import ProtonetError

HIDDEN = 0.3  # the share of the way of weights that prefetching does not hide; of activations it hides nothing
WORTH = 0.9  # of what the whole batch moves
DRAM = 1.7  # measured: 30 GB/s from L3, 18 from DRAM
ALONE = "LRN", "Pooling", "PReLU", "ReLU", "ReLU6", "Clip", "Eltwise", "ELU", "Sigmoid", "TanH", "Swish"


@dataclass
class Cut:
    """So many units run for n images at a time; graph: the net for n images."""

    count: int
    n: int
    graph: object


def choose(graph, units):
    """The Cut that moves least through memory, or None."""
    inputs = [value for node in graph.nodes if node.type == "Input" for value in node.outputs]
    batches = {value.shape[0] for value in inputs if value.shape}
    (N,) = batches if len(batches) == 1 else (1,)
    if N <= 1:
        return None
    units = [unit for unit in units if unit.type != "Input"]
    sizes = [(activations(unit) / N, weights(unit)) for unit in units]
    limit = next((i for i, unit in enumerate(units) if not independent(unit, N)), len(units))
    whole = [HIDDEN * far(w) + far(N * a) for a, w in sizes]
    found = []
    for count in range(1, limit + 1):
        n = images(N, max(a for a, _ in sizes[:count]))
        sliced = sum(HIDDEN * N / n * far(w) + N / n * far(n * a) for a, w in sizes[:count])
        if n < N:
            found.append((sliced + sum(whole[count:]), count, n))
    cost, count, n = min(found, default=(inf, 0, 0))
    if cost >= WORTH * sum(whole):
        return None
    try:
        return Cut(count, n, reshaped(graph, [(n, *value.shape[1:]) for value in fed(graph)]))
    except ProtonetError:  # a net that is made for one batch size
        return None


def images(N, size):
    """The most images, a divisor of N, whose largest step stays in L2."""
    return max(n for n in range(1, N + 1) if N % n == 0 and (n == 1 or n * size <= l2() // 2))


def far(size):
    """What moving so many bytes costs: nothing inside L2, more from DRAM than from L3."""
    return 0 if size <= l2() // 2 else size if size <= 8 * l2() else DRAM * size


def activations(unit):
    values = [*unit.inputs, unit.output, *([unit.added] if unit.added else [])]
    return 4 * sum(prod(value.shape) for value in values)


def weights(unit):
    """Bytes, three times as many where Winograd may transform them."""
    size = sum(blob.nbytes for blob in unit.node.blobs)
    return 3 * size if unit.node.blobs and unit.node.blobs[0].shape[2:] == (3, 3) else size


def independent(unit, N):
    """Whether each image of its output depends on that image of its inputs alone."""
    values = [*unit.inputs, unit.output]
    if any(len(value.shape) != 4 or value.shape[0] != N for value in values) or len(unit.node.outputs) != 1:
        return False
    if unit.type in fuse.CONVOLUTIONS:
        return len(unit.inputs) == 1 and unit.layer.channels(values[0].shape)[0] == 1
    if unit.type == "Concat":
        return unit.layer.axis(unit.output.shape) == 1
    if unit.type == "Scale":
        return len(unit.inputs) == 1 and unit.node.spec.axis == 1 and unit.node.blobs[0].ndim == 1
    return unit.type in ALONE


def build(planner, units, cut):
    """Append the operations of the first units, slice by slice; returns the units that are left."""
    units = [unit for unit in units if unit.type != "Input"]
    first, rest = units[: cut.count], units[cut.count :]
    read = {planner.real(value) for unit in rest for node in unit.nodes for value in node.inputs}
    read |= {planner.real(value) for value in planner.graph.outputs}
    crossing = [unit.output for unit in first if unit.output in read]
    wholes = {value.name: planner.give(value, BLOCKED) for value in crossing}
    small = [unit for unit in fuse.units(cut.graph) if unit.type != "Input"][: cut.count]
    inputs = {value.name: cell for value, cell in planner.inputs.items()}
    for image in range(0, next(iter(inputs.values())).shape[0], cut.n):
        slice_ = type(planner)(cut.graph, planner.constants, planner.exact)
        for node in cut.graph.nodes:
            for value in node.outputs if node.type == "Input" else ():
                slice_.cells[value] = {
                    PLAIN: Cell(value.shape, PLAIN, value.name, root=inputs[value.name], before=image)
                }
        for unit in small:
            slice_.build(unit)
        for unit in small:
            if unit.output.name in wholes:
                put(slice_, unit, wholes[unit.output.name], image)
        planner.ops += slice_.ops
    return rest


def put(planner, unit, whole, image):
    """Have a slice's value made where its images are in the whole; copied, if it must lie elsewhere too."""
    cell = planner.want(unit.output, BLOCKED)
    if cell.movable:
        cell.put(whole, 0, image)
    else:
        part = planner.part(unit.output, whole, 0, image)
        planner.ops.append(Place(unit.layer, [cell], [whole], [part]))
