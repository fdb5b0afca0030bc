"""Fold: move each affine to where a layer absorbs it, if there is such a place, by exact steps only.

    before    x -- Convolution -- Concat -- Affine -- ReLU -- y
              z -- Convolution -----'
    after     x -- Convolution -- Concat -- ReLU -- y            (each convolution has taken its channels' share)
              z -- Convolution -----'

First upwards: whatever makes the value must absorb its share, and nothing else may read what changes.  Then
downwards: every reader must absorb it.  All of a way is proved before any of it is done.  A value whose
numbers change on the way gets a new name, since 'conv1' should not name what is no longer conv1's output;
the value that takes over the affine's numbers takes its name.
"""

from protonet.graph.build import apart
from protonet.passes import absorb, move
from protonet.passes.affine import AffineLayer, affine_of
from protonet.passes.base import Journal, Pass, Skip, require


class Fold(Pass):
    def run(self, graph, journal=None):
        journal, done = Journal() if journal is None else journal, 0
        left: dict[str, Skip] = {}
        again = True
        join(graph)
        while again:
            again, left = False, {}
            for node in [node for node in graph.nodes if node.type == "Affine"]:
                what = str(node.layer)
                try:
                    way = find(graph, node)
                except Skip as why:
                    left[what] = why
                    continue
                text = way.go()
                graph.verify()
                journal.did(self.name, what, text)
                again, done = True, done + 1
        for what, reason in left.items():
            journal.declined(self.name, what, reason)
        return done


def join(graph):
    """One affine of each chain of them, so that they go as one: BatchNorm and its Scale."""
    for node in [node for node in graph.nodes if node.type == "Affine"]:
        maker = node.inputs[0].maker
        if maker.type == "Affine" and graph.sole_reader(node.inputs[0]) is node:
            Up(graph, node).go()
            maker.layer = AffineLayer(maker.layer.before, node.layer)  # the last name, as for values


def find(graph, node):
    """The way of an affine into other layers."""
    try:
        return Up(graph, node)
    except Skip as above:
        try:
            return Down(graph, node)
        except Skip as below:
            raise Skip(f"above, {above}; below, {below}") from None


def called(node):
    """A node as users know it."""
    return str(node.layer) if node.type == "Affine" else str(node)


class Way:
    """What is to be done, once all of it is proved: layers that absorb, layers that are crossed, values
    that change.
    """

    def __init__(self, graph, node):
        self.graph, self.node, self.layer = graph, node, node.layer
        self.absorbed, self.crossed, self.changed = {}, [], []
        self.prove(affine_of(node))

    def prove(self, affine):
        raise NotImplementedError

    def enter(self, node):
        require(node not in self.absorbed and node not in self.crossed, f"two ways meet in {node}")

    def go(self):
        names = [called(node) for node in self.absorbed]
        for node, result in self.absorbed.items():
            node.layer, node.blobs = result.layer, result.blobs
        self.rename()
        text = f"folded into {', '.join(names)}"
        return text + (f" across {', '.join(map(str, self.crossed))}" if self.crossed else "")

    def rename(self):
        raise NotImplementedError

    def call(self, value, name):
        value.name = value.blob = apart(name, self.graph)


class Up(Way):
    """Into the layers that make the affine's input."""

    def prove(self, affine):
        self.climb(self.node.inputs[0], affine, self.node)

    def climb(self, value, affine, reader):
        maker = value.maker
        others = [called(node) for node in self.graph.readers(value) if node is not reader]
        require(not others, f"{maker} is read by {', '.join(others)} too")
        require(value not in self.graph.outputs, f"'{value.name}' is an output of the net")
        require(reader.inputs.count(value) == 1, f"{reader} reads '{value.name}' twice")
        self.enter(maker)
        if maker.type in move.UP:
            shares = move.up(maker, maker.outputs.index(value), affine)
            self.crossed.append(maker)
            for source, share in zip(maker.inputs, shares, strict=True):
                if share is not None and not share.identity:
                    self.changed.append(source)
                    self.climb(source, share, maker)
        else:
            require(len(maker.outputs) == 1, f"{maker} makes several tops")
            self.absorbed[maker] = absorb.behind(maker, affine, self.layer)

    def rename(self):
        source, gone = self.node.inputs[0], self.node.outputs[0]
        for value in self.changed:
            self.call(value, f"{value.name}/{self.layer.name}")
        self.graph.remove(self.node)
        source.name, source.blob = gone.name, gone.blob
        rewire(self.graph, gone, source)


class Down(Way):
    """Into the layers that read the affine's output."""

    def prove(self, affine):
        self.descend(self.node.outputs[0], affine)

    def descend(self, value, affine):
        require(value not in self.graph.outputs, f"'{value.name}' is an output of the net")
        for reader in self.graph.readers(value):
            require(reader.inputs.count(value) == 1, f"{reader} reads '{value.name}' twice")
            self.enter(reader)
            if reader.type in move.DOWN:
                shares = move.down(reader, reader.inputs.index(value), affine)
                self.crossed.append(reader)
                for top, share in zip(reader.outputs, shares, strict=True):
                    if share is not None and not share.identity:
                        self.changed.append(top)
                        self.descend(top, share)
            else:
                self.absorbed[reader] = absorb.ahead(reader, affine, self.layer)

    def rename(self):
        for value in self.changed:
            self.call(value, f"{value.name}/before/{self.layer.name}")
        self.graph.remove(self.node)
        rewire(self.graph, self.node.outputs[0], self.node.inputs[0])


def rewire(graph, old, new):
    """What reads `old` reads `new`."""
    for node in graph.nodes:
        node.inputs = [new if value is old else value for value in node.inputs]
    graph.outputs = [new if value is old else value for value in graph.outputs]
