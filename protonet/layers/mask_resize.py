"""MaskResize: maps of output_height x output_width, read bilinearly at (h * H / output_height, w * W / output_width).

mask_resize_layer.cu of daijifeng001/caffe-mnc.  The surprises: first pixels are aligned, last ones are not; and the
gradient there looks at two rows and columns of the top for each pixel, which is all there are where maps do not grow.
"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import Reading, emit_grad, emit_reading


@register("MaskResize", spec="mask_resize_param")
class MaskResize(Layer):
    def infer(self, x):
        new = self.spec.output_height, self.spec.output_width
        if len(x) != 4 or min(*x[2:], *new) < 1:
            raise ShapeError(f"expected (N, C, H, W), and output_height and output_width above 0: found {x} and {new}")
        if new[0] > 2 * x[2] or new[1] > 2 * x[3]:
            raise ShapeError(f"maps of {x[2:]} cannot become {new}: MNC's layer leaves zeros in what is beyond twice")
        return [(*x[:2], *new)]

    def reading(self, x, y):
        return Reading(x[2] / y[2], 0, x[3] / y[3], 0)

    def forward(self, emit, x, y):
        emit_reading(emit, x, y, self.reading(x.shape, y.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit_grad(emit, y, x, self.reading(x.shape, y.shape))
