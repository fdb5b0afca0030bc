"""The shapes of a graph for other inputs than it was built with."""

from protonet.errors import ProtonetError, ShapeError
from protonet.runtime import limit


def reshaped(graph, shapes):
    """A copy of the graph for inputs of these shapes."""
    graph = graph.copy()
    for node in graph.nodes:
        try:
            known = [shapes[value.name] for value in node.outputs] if node.type == "Input" else None
            found = known or node.layer.infer(*(value.shape for value in node.inputs))
            wanted = [param.shape for param in node.layer.params(*(value.shape for value in node.inputs))]
            for value, shape in zip(node.outputs, found, strict=True):
                limit.check(shape, f"blob '{value.name}'")
        except ProtonetError as error:
            raise error.at(node.place or f"layer '{node.name}'") from None
        for value, shape in zip(node.outputs, found, strict=True):
            value.shape = tuple(shape)
        for blob, shape in zip(node.blobs, wanted, strict=True):
            if blob.shape != tuple(shape):
                wrong = ShapeError(f"its weights are {blob.shape}; inputs of this size would need {tuple(shape)}")
                raise wrong.at(node.place or f"layer '{node.name}'")
    return graph
