"""fork_data: the data layers of forks, whose databases and lists of boxes, maps and clips are not read here.

    AnnotatedData (SSD), VideoData (SSD, TSN), ImageSegData and WindowSegData (DeepLab), DenseImageData (SegNet, ENet),
    ImageLabelmapData (HED), BoxData (YOLO), ReidData, MultiTaskData, CPMData (OpenPose)

A net that has one is built, shown and checked with the shapes that its prototxt tells; to run it is refused.  In a
deploy net they become inputs (passes/inputs.py), of the image's size as said here.
"""

from protonet.errors import DataError
from protonet.layers.base import Layer, register

REMEDY = "its data cannot be read here: give the net Input layers, or deploy it"


def image_size(param):
    """(height, width) of the images that a data layer makes, as its prototxt tells: cropped, else resized; or None."""
    spec = param.transform_param
    sizes = [
        (spec.crop_h or spec.crop_size, spec.crop_w or spec.crop_size),
        (spec.crop_height, spec.crop_width),
        *((each.crop_height, each.crop_width) for each in told(param, "crop_height", "crop_width")),
        *((each.crop_size, each.crop_size) for each in told(param, "crop_size")),
        (spec.resize_param.height, spec.resize_param.width),
        *((each.new_height, each.new_width) for each in told(param, "new_height", "new_width")),
    ]
    return next((size for size in sizes if all(size)), None)


def told(param, *names):
    """The messages of a layer that have these fields."""
    for field, value in param.ListFields():
        known = field.message_type.fields_by_name if field.message_type is not None else {}
        if hasattr(value, "DESCRIPTOR") and all(name in known for name in names):  # one message, no list of them
            yield value


def image_channels(param):
    spec = param.transform_param
    gray = spec.force_gray or any(not each.is_color for each in told(param, "is_color"))
    return len(spec.mean_value) if len(spec.mean_value) > 1 else 1 if gray else 3


class ForkData(Layer):
    """labels(n, h, w): the shapes of the tops after the first, as far as they are known before a record is read."""

    bottoms, tops, source = 0, (1, None), True

    def infer(self):
        size = image_size(self.param)
        if size is None:
            raise DataError(f"{REMEDY} (nor does it say the size of its images)")
        n = next((each.batch_size for each in told(self.param, "batch_size") if each.batch_size), 1)
        shapes = [(n, self.channels(), *size), *self.labels(n, *size)]
        if len(self.param.top) > len(shapes):
            raise DataError(f"top '{self.param.top[len(shapes)]}' has no shape that is known here: {REMEDY}")
        return shapes[: len(self.param.top)]

    def channels(self):
        return image_channels(self.param)

    def labels(self, n, h, w):
        return [(n,)]

    def forward(self, emit, *tops):
        emit.host(refuse, *tops, out=tops)


def refuse(*tops):
    raise DataError(REMEDY)


@register("AnnotatedData", spec="annotated_data_param")
class AnnotatedData(ForkData):
    """images with boxes (SSD): an input in deploy.

    Boxes are (1, 1, how many there are in the batch, 8).
    """

    def labels(self, n, h, w):
        return [(1, 1, 1, 8)]


@register("VideoData", spec="video_data_param")
class VideoData(ForkData):
    """frames or clips of videos (SSD, TSN): an input in deploy.

    SSD reads one frame at a time.  TSN, which names a source, has a clip's frames in the channels; flow has two a
    frame, and is what it reads unless told otherwise.
    """

    def channels(self):
        flow = self.spec.source and self.spec.modality == self.spec.FLOW
        return (2 if flow else 3) * max(1, self.spec.new_length) * max(1, self.spec.num_segments)


class Maps(ForkData):
    """A label for each pixel; then, if there is a third top, the size that each image had."""

    def labels(self, n, h, w):
        return [(n, 1, h, w), (n, 1, 1, 2)]


@register("ImageSegData", spec="image_data_param")
class ImageSegData(Maps):
    """images with a label for each pixel (DeepLab, PSPNet): an input in deploy.

    With label_type NONE, the second top is the size.
    """

    def labels(self, n, h, w):
        maps, size = super().labels(n, h, w)
        kind = self.spec.label_type if self.spec.HasField("label_type") else self.spec.PIXEL
        return [size] if kind == self.spec.NONE else [(n, 1, 1, 1) if kind == self.spec.IMAGE else maps, size]


@register("WindowSegData", spec="window_data_param")
class WindowSegData(Maps):
    """windows of images with a label for each pixel (DeepLab): an input in deploy."""


@register("ImageLabelmapData", spec="image_data_param")
class ImageLabelmapData(Maps):
    """images with a map of edges (HED): an input in deploy."""


@register("DenseImageData", spec="dense_image_data_param")
class DenseImageData(ForkData):
    """images with a label for each pixel (SegNet, ENet): an input in deploy.

    label_divide_factor (ENet): maps are so much smaller than the image.
    """

    def labels(self, n, h, w):
        factor = max(1, self.spec.label_divide_factor)
        return [(n, 1, h // factor, w // factor)]


@register("BoxData", spec="data_param")
class BoxData(ForkData):
    """images with boxes by cell (YOLO): an input in deploy.

    A label for each side: for each cell, difficult, object, class and the four of a box.
    """

    def labels(self, n, h, w):
        return [(n, 7 * side * side) for side in self.spec.side or [7]]


@register("ReidData", spec="data_param")
class ReidData(ForkData):
    """pairs of persons, their identities, and whether they are the same: an input in deploy."""

    def labels(self, n, h, w):
        return [(n,), (n,)]


@register("MultiTaskData", spec="data_param")
class MultiTaskData(ForkData):
    """images with a label for each task: an input in deploy."""

    def labels(self, n, h, w):
        return [(n,)] * (len(self.param.top) - 1)


@register("CPMData", spec="data_param")
class CPMData(ForkData):
    """images with maps of joints (OpenPose): an input in deploy.

    How many maps depends on the pose model: only the image is known.
    """

    def labels(self, n, h, w):
        return []
