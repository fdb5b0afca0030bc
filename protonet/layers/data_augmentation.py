"""DataAugmentation: images less their mean, as FlowNet's nets are deployed; what it changes at random is refused.

    recompute_mean: n       the mean is a parameter, learned from the first n batches in TRAIN; mean_per_pixel says
                            whether that of each pixel is taken away, or of each channel
    mean                    else these three, one for each channel, with mean_per_pixel: false
    crop_width, crop_height the size of the images: others would be cropped, which is refused

Parameters: how many batches, the mean (1, C, H, W), the mean of each channel (1, C, 1, 1).  With nothing to be changed
augment_during_test changes nothing.  Fork: data_augmentation_layer.cu of lmb-freiburg/flownet2.  The surprise: there
the first n batches of a test count too.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import pointwise
from protonet.kernels import running_mean as kernels
from protonet.layers.base import TRAIN, Layer, Param, register
from protonet.layers.memory import three
from protonet.proto import caffe_pb2

FIELDS = caffe_pb2.AugmentationParameter.DESCRIPTOR.fields
RANDOM = tuple(field.name for field in FIELDS if field.message_type is not None)
OTHERS = "write_augmented", "write_mean", "max_multiplier", "mode", "bottomwidth", "bottomheight", "num"


@register("DataAugmentation", spec="augmentation_param")
class DataAugmentation(Layer):
    no_gradient = (0,)
    refused = (*RANDOM, *OTHERS, "chromatic_eigvec")

    def __init__(self, param, phase=TRAIN):
        super().__init__(param, phase)
        said = [name for name in RANDOM if self.spec.HasField(name)]
        if said:
            raise NetError(f"{said[0]} changes images at random, which is not done here: leave it out")

    def params(self, x):
        if not self.spec.recompute_mean:
            return [Param("count", (1, 1, 1, 1), learned=False)]
        shapes = dict(count=(1, 1, 1, 1), mean=(1, *x[1:]), channel_mean=(1, x[1], 1, 1))
        return [Param(name, shape, learned=False) for name, shape in shapes.items()]

    def infer(self, x):
        spec = self.spec
        if len(x) != 4:
            raise ShapeError(f"expected images (N, C, H, W), found {x}")
        cropped = spec.HasField("crop_height") and spec.HasField("crop_width")
        if cropped and (spec.crop_height, spec.crop_width) != tuple(x[2:]):
            raise ShapeError(
                f"images are not cropped here: crop_height {spec.crop_height} and crop_width {spec.crop_width} must be "
                f"those of {x}"
            )
        return [x]

    def forward(self, emit, x, y):
        seen = three(x.shape, 1)
        _, C, S = seen
        spec, (count, *means) = self.spec, emit.params
        if means:
            mean, channel = means[0].seen(C, S), means[1].seen(C)
            if self.phase == TRAIN:
                emit(kernels.count_batch, count.seen(1))
                emit(kernels.learn, x.seen(*seen), count.seen(1), mean, channel, spec.recompute_mean, tasks=C)
            if spec.mean_per_pixel:
                emit(kernels.subtract, x.seen(*seen), mean, y.seen(*seen), tasks=C)
            else:
                emit(kernels.subtract_channel, x.seen(*seen), channel, y.seen(*seen), tasks=C)
        elif len(spec.mean) == 3 and not spec.mean_per_pixel:
            if C != 3:
                raise ShapeError(f"three means are for three channels: found {x.shape}")
            means = emit.scratch(3)
            for c, value in enumerate(spec.mean):
                emit(pointwise.fill, means.seen(1, start=c), value)
            emit(kernels.subtract_channel, x.seen(*seen), means, y.seen(*seen), tasks=C)
        else:
            emit(pointwise.copy, x, y, tasks=pointwise.tasks(x.shape))
