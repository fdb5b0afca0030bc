"""The shapes of a graph for other inputs than it was built with."""

from protonet.errors import ProtonetError, ShapeError
from protonet.runtime import limit


def fed(graph):
    """The values that come from outside."""
    return [value for node in graph.nodes if node.type == "Input" for value in node.outputs]


def reshaped(graph, shapes):
    """A copy of the graph for inputs of these shapes, in the order of its Input layers."""
    graph = graph.copy()
    given = dict(zip(fed(graph), shapes, strict=True))
    for node in graph.nodes:
        try:
            known = [given[value] for value in node.outputs] if node.type == "Input" else None
            found = known or node.layer.infer(*(value.shape for value in node.inputs))
            wanted = [param.shape for param in node.layer.params(*(value.shape for value in node.inputs))]
            for value, shape in zip(node.outputs, found, strict=True):
                limit.check(shape, f"blob '{value.name}'")
        except ProtonetError as error:
            raise error.at(node.place or f"layer '{node.name}'") from error.__cause__
        for value, shape in zip(node.outputs, found, strict=True):
            value.shape = tuple(shape)
        for blob, shape in zip(node.blobs, wanted, strict=True):
            if blob.shape != tuple(shape):
                wrong = ShapeError(f"its weights are {blob.shape}; inputs of this size would need {tuple(shape)}")
                raise wrong.at(node.place or f"layer '{node.name}'")
    return graph
