"""DropIdentity: take out what changes nothing when a net is served.

    before    x -- Dropout -- d -- Split -- d1, d2
    after     x                                        (read by all that read d, d1, d2)

Dropout scales in training (by 1 / (1 - ratio)), so that in the TEST phase it is nothing at all.
"""

from protonet.layers.base import TEST
from protonet.passes.base import Rewrite, require, understood


class DropIdentity(Rewrite):
    types = ("Dropout", "Split")

    def rewrite(self, graph, node):
        if node.type == "Dropout":
            require(node.layer.phase == TEST, "its own phase is TRAIN: it drops always")
            understood(node, "dropout_ratio")
        drop(graph, node)
        return "changes nothing in the TEST phase and is dropped"


def drop(graph, node):
    """Take out a node whose every top is its bottom; what reads a top reads the bottom.

    The bottom keeps its name, unless the top is worked on in place or is an output of the net: then it
    takes that one.
    """
    kept, tops = node.inputs[0], node.outputs
    public = [top for top in tops if top in graph.outputs]
    require(len(public) < 2, f"its tops {', '.join(top.name for top in public)} are all outputs of the net")
    named = public or [top for top in tops if top.blob == kept.blob]
    if public and public[0].blob != kept.blob:
        require(kept not in graph.outputs, f"'{kept.name}' and '{public[0].name}' are both outputs of the net")
        require(not kept.maker.layer.source, f"it gives the input '{kept.name}' the name '{public[0].name}'")
    graph.remove(node)
    if named:
        kept.name, kept.blob = named[0].name, named[0].blob
    for other in graph.nodes:
        other.inputs = [kept if value in tops else value for value in other.inputs]
    graph.outputs = list(dict.fromkeys(kept if value in tops else value for value in graph.outputs))
