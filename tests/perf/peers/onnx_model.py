"""A folded graph as an ONNX model, for ONNX Runtime, OpenVINO and OpenCV.

Caffe rounds the size of a pooled map up: written as a pad behind, which makes the same windows.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from protonet.layers import spatial

MAX, AVE = 0, 1
OPERATIONS = {0: "Mul", 1: "Add", 2: "Max"}
SIMPLE = {"Sigmoid": "Sigmoid", "TanH": "Tanh", "AbsVal": "Abs"}


class Writer:
    def __init__(self, graph):
        self.graph, self.nodes, self.constants, self.names = graph, [], [], {}
        inputs = [v for node in graph.nodes if node.type == "Input" for v in node.outputs]
        for value in inputs:
            self.names[value] = value.name
        for node in graph.nodes:
            if node.type != "Input":
                getattr(self, "write_" + node.type, self.other)(node)
        outputs = [self.names[value] for value in graph.outputs]
        described = [helper.make_tensor_value_info(v.name, TensorProto.FLOAT, v.shape) for v in inputs]
        wanted = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape)
            for name, value in zip(outputs, graph.outputs, strict=True)
        ]
        whole = helper.make_graph(self.nodes, "net", described, wanted, self.constants)
        self.model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(self.model)

    def name(self, value):
        """Of an output, or of a reader's input."""
        return self.names.setdefault(value, "v_" + value.name.replace("/", "_"))

    def constant(self, array, dtype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array, dtype), name))
        return name

    def add(self, kind, node, inputs, **attributes):
        outputs = [self.name(value) for value in node.outputs]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))

    def inputs(self, node):
        return [self.name(value) for value in node.inputs]

    def write_Convolution(self, node):
        w = spatial.window(node.spec, node.inputs[0].shape[2:])
        _, groups = node.layer.channels(node.inputs[0].shape)
        inputs = self.inputs(node) + [self.constant(blob) for blob in node.blobs]
        self.add(
            "Conv", node, inputs, kernel_shape=w.kernel, strides=w.stride, dilations=w.dilation, group=groups,
            pads=[*w.before, *w.after],
        )  # fmt: skip

    write_ConvolutionDepthwise = write_DepthwiseConvolution = write_Convolution

    def write_InnerProduct(self, node):
        D = node.layer.sizes(node.inputs[0].shape)[1]
        flat = self.reshaped(self.inputs(node)[0], (-1, D))
        self.add("Gemm", node, [flat, *(self.constant(b) for b in node.blobs)], transB=int(not node.spec.transpose))

    def reshaped(self, name, shape):
        made = f"r{len(self.nodes)}"
        self.nodes.append(helper.make_node("Reshape", [name, self.constant(shape, np.int64)], [made]))
        return made

    def write_Pooling(self, node):
        (x,) = node.inputs
        kernel, stride, before, _, out = node.layer.geometry(x.shape)
        behind = [
            max(0, (o - 1) * s + k - n - b)
            for o, s, k, n, b in zip(out, stride, kernel, x.shape[2:], before, strict=True)
        ]
        values = dict(kernel_shape=kernel, strides=stride, pads=[*before, *behind])
        if node.spec.global_pooling:
            self.add("GlobalMaxPool" if node.spec.pool == MAX else "GlobalAveragePool", node, self.inputs(node))
        elif node.spec.pool == MAX:
            self.add("MaxPool", node, self.inputs(node), **values)
        else:
            self.add("AveragePool", node, self.inputs(node), **values, count_include_pad=int(any(before)))

    def write_LRN(self, node):
        s = node.spec
        self.add("LRN", node, self.inputs(node), size=s.local_size, alpha=s.alpha, beta=s.beta, bias=s.k)

    def write_ReLU(self, node):
        slope = node.spec.negative_slope
        if slope:
            self.add("LeakyRelu", node, self.inputs(node), alpha=slope)
        else:
            self.add("Relu", node, self.inputs(node))

    def write_PReLU(self, node):
        slope = node.blobs[0].reshape(-1, *[1] * (len(node.inputs[0].shape) - 2))
        self.add("PRelu", node, [*self.inputs(node), self.constant(slope)])

    def write_Clip(self, node):
        bounds = [self.constant(v).split() for v in (node.spec.min, node.spec.max)]
        self.add("Clip", node, [*self.inputs(node), *(b[0] for b in bounds)])

    def write_Scale(self, node):
        shape = (-1, *[1] * (len(node.inputs[0].shape) - 2))
        inputs = [*self.inputs(node), *(self.constant(b.reshape(shape)) for b in node.blobs)]
        if len(inputs) == 2:
            return self.add("Mul", node, inputs)
        self.nodes.append(helper.make_node("Mul", inputs[:2], [f"m{len(self.nodes)}"]))
        return self.add("Add", node, [self.nodes[-1].output[0], inputs[2]])

    def write_Concat(self, node):
        self.add("Concat", node, self.inputs(node), axis=node.layer.axis(node.outputs[0].shape))

    def write_Eltwise(self, node):
        assert all(c == 1 for c in node.layer.coeff), "weighted sums are not written"
        self.add(OPERATIONS[node.spec.operation], node, self.inputs(node))

    def write_Softmax(self, node):
        self.add("Softmax", node, self.inputs(node), axis=node.spec.axis)

    def write_Flatten(self, node):
        self.add("Reshape", node, [*self.inputs(node), self.constant(node.outputs[0].shape, np.int64)])

    write_Reshape = write_Flatten

    def write_Permute(self, node):
        order = list(node.spec.order)
        order += [i for i in range(len(node.inputs[0].shape)) if i not in order]
        self.add("Transpose", node, self.inputs(node), perm=order)

    def write_Dropout(self, node):
        self.add("Identity", node, self.inputs(node))

    def write_Split(self, node):
        for value in node.outputs:
            self.nodes.append(helper.make_node("Identity", self.inputs(node), [self.name(value)]))

    def other(self, node):
        self.add(SIMPLE[node.type], node, self.inputs(node))


def model(graph):
    """An onnx.ModelProto; outputs are named as `output_names` says."""
    return Writer(graph).model


def output_names(graph):
    """{name in the model: name in the graph}, in order."""
    return {
        (value.name if value.maker.type == "Input" else "v_" + value.name.replace("/", "_")): value.name
        for value in graph.outputs
    }
