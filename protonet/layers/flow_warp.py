"""FlowWarp: an image (N, C, H, W) moved along a flow (N, 2, H, W): y at a place is x where the flow leads from there.

Read bilinearly; where the flow leads out of the image, `fill_value`: ZERO, or NOT_A_NUMBER, which losses leave out.
Fork: flow_warp_layer.cpp of lmb-freiburg/flownet2.  Its gradient of the flow is kept as it is: for places in the last
row or column it takes the other pixel's share.
"""

from protonet.errors import ShapeError
from protonet.kernels import flow as kernels
from protonet.layers.base import Layer, register


@register("FlowWarp", spec="flow_warp_param")
class FlowWarp(Layer):
    bottoms = 2

    def infer(self, x, flow):
        if len(x) != 4 or flow != (x[0], 2, *x[2:]):
            raise ShapeError(f"expected an image (N, C, H, W) and its flow (N, 2, H, W), found {x} and {flow}")
        return [x]

    def forward(self, emit, x, flow, y):
        if emit.wants(x) or emit.wants(flow):
            emit.save("flow", flow)
        if emit.wants(flow):
            emit.save("x", x)
        outside = self.spec.fill_value == self.spec.NOT_A_NUMBER
        emit(kernels.moved, x, flow, y, int(outside), tasks=x.shape[0] * x.shape[2])

    def backward(self, emit, y, x, flow):
        N, C, H, _ = x.shape
        if emit.wants(x):
            emit(kernels.moved_grad, y.diff, emit.saved("flow"), x.diff, tasks=N * C)
        if emit.wants(flow):
            emit(kernels.flow_grad, emit.saved("x"), emit.saved("flow"), y.diff, flow.diff, tasks=N * H)
