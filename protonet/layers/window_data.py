"""WindowData: windows of images and their classes, drawn at random; see data/windows.py for the file and the rules."""

from protonet.data.transform import Transform
from protonet.data.windows import WindowBatches
from protonet.layers.base import register
from protonet.layers.fed import Fed
from protonet.prototxt.paths import find


@register("WindowData", spec="window_data_param")
class WindowData(Fed):
    tops = 2

    @staticmethod
    def open_batches(param, phase, folder, draws):
        spec, transform = param.window_data_param, Transform(param.transform_param, phase, folder)
        return WindowBatches(spec, find(spec.source, folder), transform, len(param.top), draws)
