"""Graph -> NetParameter: the way out.  What was written in place, and still may be, is joined again.

A node works in place if the prototxt gave bottom and top one name, its layer can, and nothing else reads
the bottom; all the values of such a chain bear the name of its last.  Else a value has its own name, which
the graph keeps unique; an input of the net keeps the name by which it is fed, whatever happens to it later.
"""

from protonet.graph.build import apart
from protonet.proto import caffe_pb2


def emit(graph):
    """A NetParameter without blobs; `parameters` gives those."""
    names = named(graph)
    net = caffe_pb2.NetParameter(name=graph.name)
    for node in graph.nodes:
        layer = net.layer.add()
        layer.CopyFrom(node.layer.param)
        del layer.bottom[:], layer.top[:], layer.blobs[:]
        layer.bottom.extend(names[value] for value in node.inputs)
        written = len(node.layer.param.top)  # a loss may leave its top unnamed
        layer.top.extend(names[value] for value in node.outputs[:written])
    return net


def parameters(graph):
    """Layer name -> its arrays, for nodes that have any."""
    return {node.name: list(node.blobs) for node in graph.nodes if node.blobs}


def named(graph):
    """The blob name of each value."""
    last = {  # value -> the value that it becomes in place
        bottom: top
        for node in graph.nodes
        for top, bottom in zip(node.outputs, node.inputs, strict=False)
        if joins(graph, node, bottom, top)
    }
    names: dict = {}
    taken: set[str] = set()
    inputs = [value for node in graph.nodes if not node.inputs for value in node.outputs]
    for value in inputs + graph.values():
        end = value
        while end in last:
            end = last[end]
        if end in names:
            names[value] = names[end]
            continue
        name = value.blob if value in inputs else end.name
        if name in taken:
            name = apart(f"{end.name}/{end.maker.name}", graph)
        names[value] = names[end] = name
        taken.add(name)
    return names


def joins(graph, node, bottom, top):
    """Whether this node works in place on this pair."""
    at = node.outputs.index(top)
    able = at in node.layer.in_place if isinstance(node.layer.in_place, tuple) else node.layer.in_place and at == 0
    return able and bottom.blob == top.blob and graph.sole_reader(bottom) is node
