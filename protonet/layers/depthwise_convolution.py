"""DepthwiseConvolution: another name of ConvolutionDepthwise.  Fork: yonghenglh6/DepthwiseConvolution,
depthwise_conv_layer.cpp."""

from protonet.layers.base import register
from protonet.layers.convolution_depthwise import ConvolutionDepthwise


@register("DepthwiseConvolution", spec="convolution_param")
class DepthwiseConvolution(ConvolutionDepthwise):
    pass
