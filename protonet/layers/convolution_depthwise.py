"""ConvolutionDepthwise: a Convolution of each channel by itself, whose `group` is the number of channels.

The type's name says so, and files leave `group` out; one that is given must agree.  num_output may be a multiple of the
channels.  Fork: conv_depthwise_layer.cpp of synopsys-caffe; DepthwiseConvolution is yonghenglh6's name for it.
"""

from protonet.errors import ShapeError
from protonet.layers.base import axis_of, register
from protonet.layers.convolution import Convolution


@register("ConvolutionDepthwise", spec="convolution_param")
class ConvolutionDepthwise(Convolution):
    def channels(self, x):
        axis, K = axis_of(self.spec.axis, x), self.spec.num_output
        C, G = x[axis], self.spec.group
        if self.spec.HasField("group") and G != C:
            raise ShapeError(f"group of a {self.type} is its {C} channels, found {G}: leave it out, or use Convolution")
        if K < 1 or C < 1 or K % C:
            raise ShapeError(f"num_output must be a multiple of the {C} channels, found {K}")
        return axis, C
