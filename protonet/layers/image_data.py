"""ImageData: images and labels from files that a list names, `path label` a line.

tops: images (N, C, H, W), read in colour or gray (is_color), resized to new_height x new_width if those are given,
transformed as transform_param says; and labels (N,), if there is a second top.  shuffle: every epoch in another order.
With batch_size 1 and neither crop nor resizing, each image may have its own size.
"""

from protonet.data.asked import only
from protonet.data.images import ImageBatches
from protonet.data.transform import Transform, crop_of
from protonet.errors import NetError
from protonet.layers.base import TRAIN, register
from protonet.layers.fed import Fed
from protonet.prototxt.paths import find


@register("ImageData", spec="image_data_param")
class ImageData(Fed):
    def __init__(self, param, phase=TRAIN):
        super().__init__(param, phase)
        if bool(self.spec.new_height) != bool(self.spec.new_width):
            raise NetError("new_height and new_width are given both, or neither")
        self.dynamic = varied(param)

    @staticmethod
    def open_batches(param, phase, folder, draws):
        spec, transform = param.image_data_param, Transform(param.transform_param, phase, folder)
        only(spec, "source", "batch_size", "rand_skip", "shuffle", "new_height", "new_width", "is_color", "root_folder")
        return ImageBatches(spec, find(spec.source, folder), transform, len(param.top), draws, varied(param))


def varied(param):
    """Whether each batch may have its own shape."""
    spec = param.image_data_param
    return spec.batch_size == 1 and not spec.new_height and not any(crop_of(param.transform_param))
