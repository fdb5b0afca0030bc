"""NetParameter of one phase -> Graph: in-place layers renamed apart, shapes asked of the layers.

A blob that is worked on in place is several values: the last one has the blob's name, the earlier ones `blob/layer` of
their makers.  No splits: a value may have any number of readers.
"""

from collections.abc import Callable
from difflib import get_close_matches

from protonet.errors import NetError, ProtonetError
from protonet.graph.graph import Graph, Node, Value


def build(net, make: Callable, places=None) -> Graph:
    """net: a NetParameter whose layers all belong to this phase; make: LayerParameter -> layer (infer, in_place, ...).

    places[i] says where layer i stands in its file, for errors.
    """
    graph = Graph(net.name)
    current: dict[str, Value] = {}
    for i, param in enumerate(net.layer):
        where = places[i] if places else f"layer '{param.name}'"
        try:
            node = place(graph, make(param), current)
        except ProtonetError as error:
            raise error.at(where) from error.__cause__
        node.place = where
    for blob, value in current.items():
        value.name = blob
    read = {value for node in graph.nodes for value in node.inputs}
    graph.outputs = [value for node in graph.nodes for value in node.outputs if value not in read]
    graph.verify()
    return graph


def place(graph, layer, current):
    """Append one layer's node, reading and making the current values of its blobs."""
    inputs = [find(name, current) for name in layer.param.bottom]
    shapes = [tuple(shape) for shape in layer.infer(*(value.shape for value in inputs))]
    names = list(layer.param.top) + ["(automatic)"] * (len(shapes) - len(layer.param.top))
    outputs = []
    for i, (blob, shape) in enumerate(zip(names, shapes, strict=True)):
        in_place = i < len(inputs) and layer.param.bottom[i] == blob
        if blob in current and not in_place:
            raise NetError(f"top '{blob}' is already made by layer '{current[blob].maker.name}': name it apart")
        if in_place:
            before = current[blob]
            before.name = apart(f"{blob}/{before.maker.name}", graph)
        outputs.append(Value(blob, shape, blob))
        if blob == "(automatic)":
            outputs[-1].name = apart(f"{layer.name}/{i}", graph)
        else:
            current[blob] = outputs[-1]
    node = Node(layer, inputs, outputs)
    for value in outputs:
        value.maker = node
    graph.nodes.append(node)
    return node


def apart(name, graph):
    """The name, or the name with a number if another value has it."""
    taken, n, free = {value.name for value in graph.values()}, 2, name
    while free in taken:
        free, n = f"{name}/{n}", n + 1
    return free


def find(name, current):
    try:
        return current[name]
    except KeyError:
        hint = get_close_matches(name, current, 1)
        raise NetError(
            f"bottom '{name}' is made by no layer before it" + (f" (did you mean '{hint[0]}'?)" if hint else "")
        ) from None
