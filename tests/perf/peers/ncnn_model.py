"""A folded graph as ncnn's own files: its converter fails on many nets with Caffe's pooling.

Activations join the layer before, as ncnnoptimize would have it.
"""

import numpy as np

from protonet.layers import spatial

MAX = 0
OPERATIONS = {0: 0, 1: 1, 2: 2}  # product, sum, maximum


class Writer:
    def __init__(self, graph):
        self.lines, self.data, self.blobs = [], [], 0
        self.graph, self.name = graph, {}
        self.uses = {v: sum(n.inputs.count(v) for n in graph.nodes) + (v in graph.outputs) for v in graph.values()}
        skip = set()
        for node in graph.nodes:
            if node.type == "Input":
                for value in node.outputs:
                    self.line("Input", node.name, [], value, self.sizes(value.shape))
            elif node.type in ("Dropout", "Split"):
                for value in node.outputs:
                    self.name[value] = self.name[node.inputs[0]]
            elif node not in skip:
                after = graph.sole_reader(node.outputs[0])
                joined = (
                    self.activation(after) if after and node.type in ("Convolution", "InnerProduct", *DEPTHWISE) else ""
                )
                if joined:
                    skip.add(after)
                last = after if joined else node
                getattr(self, "write_" + node.type)(node, last.outputs[0], joined)

    def sizes(self, shape):
        return " ".join(f"{i}={n}" for i, n in enumerate(shape[:0:-1]))

    def activation(self, node):
        if node.type == "ReLU":
            slope = node.spec.negative_slope
            return f" 9=2 -23310=1,{slope}" if slope else " 9=1"
        if node.type == "Clip":
            return f" 9=3 -23310=2,{node.spec.min},{node.spec.max}"
        return ""

    def line(self, kind, label, inputs, output, params=""):
        """One layer; several readers of a blob are told apart by Split, which ncnn's loader wants written."""
        mine = [self.take(value) for value in inputs]
        self.blobs += 1
        name = f"b{self.blobs}"
        label = label.replace(" ", "_")
        self.lines.append(f"{kind} {label}_{self.blobs} {len(mine)} 1 {' '.join([*mine, name])} {params}")
        self.name[output] = [name]
        self.out(output, name)

    def out(self, value, name):
        readers = self.readers(value)
        if readers > 1:
            names = [f"{name}_{i}" for i in range(readers)]
            self.lines.append(f"Split s_{name} 1 {readers} {name} {' '.join(names)}")
            self.blobs += readers
            self.name[value] = names

    def readers(self, value):
        """How often a value is read, by way of layers that change nothing too."""
        count = int(value in self.graph.outputs)
        for node in self.graph.nodes:
            for read in node.inputs:
                if read is value:
                    same = node.type in ("Dropout", "Split")
                    count += sum(self.readers(v) for v in node.outputs) if same else 1
        return count

    def take(self, value):
        names = self.name[value]
        return names.pop(0) if len(names) > 1 else names[0]

    def weights(self, array, tagged=True):
        if tagged:
            self.data.append(np.uint32(0).tobytes())
        self.data.append(np.ascontiguousarray(array, "<f4").tobytes())

    def write_Convolution(self, node, output, act):
        if node.inputs[0].shape[2:] == (1, 1) and node.spec.group == 1:
            return self.write_InnerProduct(node, output, act)
        w = spatial.window(node.spec, node.inputs[0].shape[2:])
        _, groups = node.layer.channels(node.inputs[0].shape)
        (kh, kw), (sh, sw), (dh, dw) = w.kernel, w.stride, w.dilation
        params = f"0={node.spec.num_output} 1={kw} 11={kh} 2={dw} 12={dh} 3={sw} 13={sh}"
        params += f" 4={w.before[1]} 14={w.before[0]} 15={w.after[1]} 16={w.after[0]}"
        params += f" 5={len(node.blobs) - 1} 6={node.blobs[0].size}{act}" + (f" 7={groups}" if groups > 1 else "")
        self.weights(node.blobs[0])
        for bias in node.blobs[1:]:
            self.weights(bias, tagged=False)
        return self.line(
            "ConvolutionDepthWise" if groups > 1 else "Convolution", node.name, node.inputs, output, params
        )

    write_ConvolutionDepthwise = write_DepthwiseConvolution = write_Convolution

    def write_InnerProduct(self, node, output, act):
        turned = node.type == "InnerProduct" and node.spec.transpose
        w = node.blobs[0].T if turned else node.blobs[0]
        self.weights(w)
        for bias in node.blobs[1:]:
            self.weights(bias, tagged=False)
        params = f"0={node.spec.num_output} 1={len(node.blobs) - 1} 2={w.size}{act}"
        self.line("InnerProduct", node.name, node.inputs, output, params)

    def write_Pooling(self, node, output, act):
        average = int(node.spec.pool != MAX)
        if node.spec.global_pooling:
            return self.line("Pooling", node.name, node.inputs, output, f"0={average} 4=1")
        shape = node.inputs[0].shape
        kernel, stride, before, after, out = node.layer.geometry(shape)
        sides = tuple(zip(shape[2:], kernel, stride, before, after, out, strict=True))
        up = all(b == a and -(-(n + 2 * b - k) // s) + 1 == o for n, k, s, b, a, o in sides)
        behind = [b if up else max(0, (o - 1) * s + k - n - b) for n, k, s, b, _, o in sides]
        (kh, kw), (sh, sw), (top, left), (bottom, right) = kernel, stride, before, behind
        params = f"0={average} 1={kw} 11={kh} 2={sw} 12={sh} 3={left} 13={top} 14={right} 15={bottom} 5={int(not up)}"
        return self.line("Pooling", node.name, node.inputs, output, params)

    def write_LRN(self, node, output, act):
        s = node.spec
        self.line("LRN", node.name, node.inputs, output, f"0=0 1={s.local_size} 2={s.alpha} 3={s.beta} 4={s.k}")

    def write_ReLU(self, node, output, act):
        self.line("ReLU", node.name, node.inputs, output, f"0={node.spec.negative_slope}")

    def write_PReLU(self, node, output, act):
        self.weights(node.blobs[0], tagged=False)
        self.line("PReLU", node.name, node.inputs, output, f"0={node.blobs[0].size}")

    def write_Clip(self, node, output, act):
        self.line("Clip", node.name, node.inputs, output, f"0={node.spec.min} 1={node.spec.max}")

    def write_Scale(self, node, output, act):
        for blob in node.blobs:
            self.weights(blob, tagged=False)
        self.line("Scale", node.name, node.inputs, output, f"0={node.blobs[0].size} 1={len(node.blobs) - 1}")

    def write_Concat(self, node, output, act):
        axis = node.layer.axis(node.outputs[0].shape) - 1
        self.line("Concat", node.name, node.inputs, output, f"0={axis}")

    def write_Eltwise(self, node, output, act):
        self.line("Eltwise", node.name, node.inputs, output, f"0={OPERATIONS[node.spec.operation]}")

    def write_Softmax(self, node, output, act):
        self.line("Softmax", node.name, node.inputs, output, f"0={node.spec.axis - 1} 1=1")

    def write_Flatten(self, node, output, act):
        self.line("Flatten", node.name, node.inputs, output)

    def write_Reshape(self, node, output, act):
        self.line("Reshape", node.name, node.inputs, output, self.sizes(node.outputs[0].shape))

    def write_Permute(self, node, output, act):
        orders = {(0, 2, 3, 1): 3}  # the one that detection heads use: channels last
        self.line("Permute", node.name, node.inputs, output, f"0={orders[tuple(node.spec.order)]}")

    def save(self, path):
        """Writes path.param and path.bin; returns the names of the outputs and of the inputs."""
        with open(f"{path}.param", "w") as file:
            file.write(f"7767517\n{len(self.lines)} {self.blobs}\n" + "\n".join(self.lines) + "\n")
        with open(f"{path}.bin", "wb") as file:
            file.write(b"".join(self.data))
        inputs = {v.name: self.first(v) for n in self.graph.nodes if n.type == "Input" for v in n.outputs}
        return {value.name: self.name[value][0] for value in self.graph.outputs}, inputs

    def first(self, value):
        """The blob that the Input line makes."""
        index = [v for n in self.graph.nodes if n.type == "Input" for v in n.outputs].index(value)
        lines = [line for line in self.lines if line.startswith("Input ")]
        return lines[index].split()[4]


DEPTHWISE = "ConvolutionDepthwise", "DepthwiseConvolution"


def write(graph, path):
    return Writer(graph).save(path)
