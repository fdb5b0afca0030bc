"""A deployed net as a function: `load(prototxt, weights)` gives a callable that takes images or arrays.

    model = protonet.load("deploy.prototxt", "deploy.caffemodel")
    model("cat.jpg")["prob"]                # a file, decoded, resized, cropped, mean subtracted: (1, 1000)
    model([image, other])["prob"]           # uint8 (H, W), (H, W, 1) or (H, W, 3), blue first as in OpenCV: (2, 1000)
    model(array)["prob"]                    # float (N, C, H, W) or (C, H, W): what the net sees, taken as it is
    model({"data": array, "info": other})   # several inputs, by name
    model.save("net.program"); protonet.load("net.program")     # one file, loaded in no time

What was done to the images in training is in the deploy prototxt, where `deploy` put it (prototxt/carried.py), and may
be overridden.  Calls may come from several threads at once; the interpreter lock is released while kernels run.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from protonet.data.transform import Transform
from protonet.engine import archive, saved
from protonet.engine.program import Program, compile
from protonet.errors import DataError
from protonet.io.arrays import load_npy, load_npz
from protonet.io.images import opencv, read_image, resize
from protonet.layers import TEST
from protonet.proto import caffe_pb2
from protonet.prototxt import carried

log = logging.getLogger(__name__)
ARRAYS = ".npy", ".npz"


class Preprocess:
    """Images -> what one input of the net sees.  shape: (C, H, W) of that input; rgb: the net wants red first."""

    def __init__(self, shape, given=None, rgb=False, folder="", mean=None):
        """mean: what stands for the mean file of `given`, if that is not at hand."""
        self.shape, self.rgb = tuple(shape), rgb
        given = given or carried.Carried()
        param = caffe_pb2.TransformationParameter()
        param.CopyFrom(given.transform)
        for field in "crop_size", "crop_h", "crop_w", "crop_height", "crop_width", "mirror":
            param.ClearField(field)
        if mean is not None:
            param.ClearField("mean_file")
        self.param = param
        self.transform = Transform(param, TEST, folder)
        if mean is not None:
            self.transform.mean, self.transform.mean_file = mean, "in the program"
        mean = self.transform.mean
        self.size = given.resize or self.shape[1:]
        if not given.resize and mean is not None and mean.shape[1:] != (1, 1):
            self.size = mean.shape[1:]  # a mean image says what size images had
        self.transform.shape((self.shape[0], *self.size))

    def saved(self, arrays):
        """As JSON, for a program file: mean images lie among its arrays."""
        param, mean = self.param, self.transform.mean if self.transform.mean_file else None
        where = None if mean is None else [mean.shape, arrays.place(np.asarray(mean, np.float32))]
        return [param.SerializeToString().hex(), self.size, self.rgb, where]

    @classmethod
    def loaded(cls, shape, found, arrays):
        """What `saved` gave."""
        message, size, rgb, where = found
        param = caffe_pb2.TransformationParameter.FromString(bytes.fromhex(message))
        mean = arrays.at(where[1], "float32").reshape(where[0]) if where else None
        return cls(shape, carried.Carried(param, tuple(size)), rgb, mean=mean)

    def stored(self, image):
        """One blob (C, H, W) from an image as databases hold it: (C, H, W), uint8 or float; its middle, as it is."""
        return self(image.transpose(1, 2, 0), resized=False) if image.dtype == np.uint8 else self.middle(image)

    def __call__(self, image, resized=True):
        """One blob (C, H, W) from a uint8 image or the path of one; resized=False takes the middle of it as it is."""
        channels = self.shape[0]
        if isinstance(image, str | Path):
            image = read_image(image, color=channels != 1)
        image = self.channels(np.asarray(image), channels)
        if resized:
            image = resize(image, *self.size).reshape(*self.size, channels)
        if self.rgb:
            image = image[:, :, ::-1]
        return self.middle(image.transpose(2, 0, 1))

    def middle(self, image):
        """The middle, less the mean (which may be of the whole image), times the scale."""
        whole = np.empty((1, *image.shape), np.float32)
        self.transform(image[None], whole)
        (height, width), size = self.shape[1:], image.shape[1:]
        y, x = (size[0] - height) // 2, (size[1] - width) // 2
        if y < 0 or x < 0:
            raise DataError(f"an image of {size[0]} x {size[1]} is smaller than the net's input, {height} x {width}")
        return whole[0, :, y : y + height, x : x + width]

    def channels(self, image, wanted):
        """The image with the channels the net has: grey from colour and colour from grey as OpenCV does."""
        cv2 = opencv()
        if image.ndim == 2:
            image = image[:, :, None]
        if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or image.dtype != np.uint8:
            raise DataError(
                f"expected an image, uint8 of (H, W) or (H, W, 1, 3 or 4), found {image.dtype} of {image.shape}"
            )
        have = image.shape[2]
        if have == wanted:
            return image
        codes = {
            (1, 3): cv2.COLOR_GRAY2BGR,
            (3, 1): cv2.COLOR_BGR2GRAY,
            (4, 3): cv2.COLOR_BGRA2BGR,
            (4, 1): cv2.COLOR_BGRA2GRAY,
        }
        if (have, wanted) not in codes:
            raise DataError(f"the net takes {wanted} channels, the image has {have}")
        return cv2.cvtColor(image, codes[have, wanted])


class Model:
    """program: what runs; inputs: {name: shape}; preprocess: what is done to images, by input."""

    def __init__(self, program, preprocess):
        self.program, self.preprocess = program, preprocess
        self.inputs, self.outputs = program.inputs, program.outputs

    def __call__(self, value=None, **named):
        """{output: array} for an image, a path, an array, a list of them, or {input: ...}; any batch size."""
        values = dict(value) if isinstance(value, Mapping) else {} if value is None else {self.first: value}
        values.update(named)
        return self.program.run({name: self.prepared(name, each) for name, each in values.items()})

    def save(self, path):
        """Write the program, and what is done to images, to one file; `load` takes it without anything else."""
        saved.save(self.program, path, lambda arrays: {n: p.saved(arrays) for n, p in self.preprocess.items()})

    @property
    def first(self):
        return next(iter(self.inputs))

    def prepared(self, name, value):
        """A batch for one input."""
        if isinstance(value, str | Path) and Path(value).suffix in ARRAYS:
            value = load_npy(value) if Path(value).suffix == ".npy" else the_array(load_npz(value), name, value)
        shape = self.inputs.get(name)
        if shape is None:
            raise DataError(f"the net has no input '{name}': it has {', '.join(self.inputs)}")
        if self.is_image(value):
            return self.image(name)(value)[None]
        if isinstance(value, list | tuple) and value and all(map(self.is_image, value)):
            return np.stack([self.image(name)(each) for each in value])
        array = np.ascontiguousarray(value, np.float32)
        return array[None] if array.ndim == len(shape) - 1 else array

    def is_image(self, value):
        return isinstance(value, str | Path) or (
            isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim in (2, 3)
        )

    def image(self, name):
        if name not in self.preprocess:
            raise DataError(f"input '{name}' has shape {self.inputs[name]}: it takes arrays, no images")
        return self.preprocess[name]


def the_array(arrays, name, path):
    """The array of a file that is meant for this input: the one of its name, or the only one."""
    if name in arrays:
        return arrays[name]
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    raise DataError(f"holds {', '.join(arrays)}, none of them named '{name}'", path)


def load(prototxt, weights=None, threads=None, mean=None, scale=None, resize=None, rgb=False, keep=(), **options):
    """A callable model of a deploy prototxt and its weights, or of a program file, which holds all it needs.

    mean: values per channel, or a mean file; scale: what pixels are multiplied by after the mean; resize: (height,
    width) before the middle is taken; these override what the prototxt carries.  rgb: the net was trained on red first.
    keep: further blobs to return; options: as compile takes them.
    """
    if archive.is_program(prototxt):
        asked = dict(weights=weights, mean=mean, scale=scale, resize=resize, rgb=rgb, keep=keep, **options)
        return from_program(prototxt, threads, [name for name, value in asked.items() if value])
    if weights is None:
        raise DataError("a prototxt needs weights: only a program that `protonet compile` wrote has its own", prototxt)
    program = compile(prototxt, weights, threads=threads, keep=keep, **options)
    text = Path(prototxt).read_text("utf-8", "replace") if isinstance(prototxt, str | Path) else ""
    known = carried.read(text)
    folder = Path(prototxt).parent if text else ""
    preprocess = {}
    for name, shape in program.inputs.items():
        if len(shape) == 4 and shape[1] in (1, 3):
            given = overridden(known.get(name), mean, scale, resize)
            preprocess[name] = Preprocess(shape[1:], given, rgb, folder)
    return Model(program, preprocess)


def from_program(path, threads, asked):
    """A model of a program file; what it does was settled when it was written."""
    if asked:
        raise DataError(f"a program has {asked[0]} in it: give that to `protonet compile`, or the prototxt here", path)
    program, more, arrays = saved.load(Program, path, threads)
    known = more or {}
    return Model(program, {n: Preprocess.loaded(program.inputs[n][1:], found, arrays) for n, found in known.items()})


def overridden(given, mean, scale, resize):
    """What the prototxt carries, with what the caller says instead."""
    result = carried.Carried()
    if given is not None:
        result.transform.CopyFrom(given.transform)
        result.resize = given.resize
    if mean is not None:
        result.transform.ClearField("mean_file")
        del result.transform.mean_value[:]
        if isinstance(mean, str | Path):
            result.transform.mean_file = str(mean)
        else:
            result.transform.mean_value.extend(np.atleast_1d(mean).astype(float).tolist())
    if scale is not None:
        result.transform.scale = float(scale)
    if resize is not None:
        result.resize = tuple(resize)
    return result
