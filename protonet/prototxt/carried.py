"""Carried: what was done to the images a net was trained on, kept with its deploy prototxt.

A deploy net has no data layer, so mean, scale and crop would be lost.  They stand at the top of the file,
one line for each input that had some, as comments, so that Caffe reads the file as ever:

    # protonet: data { transform { crop_size: 227 mean_value: 104 mean_value: 117 mean_value: 123 } resize { 256 256 } }

is, after the input's name, a TransformationParameter in text format, and the height and width that images
have before the crop. Channels are Caffe's: blue, green, red, numbers 0 to 255, `(x - mean) * scale`.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from protonet.errors import ParseError
from protonet.proto import caffe_pb2

MARK = "# protonet: "
LINE = re.compile(r"^# protonet: (\S+) \{ transform \{ (.*?) ?\}(?: resize \{ (\d+) (\d+) \})? \}\s*$")
KEPT = {
    "scale", "crop_size", "crop_h", "crop_w", "crop_height", "crop_width",
    "mean_file", "mean_value", "force_color", "force_gray",
}  # fmt: skip


@dataclass
class Carried:
    """transform: a TransformationParameter; resize: (height, width) before the crop, if the data said it."""

    transform: Any = field(default_factory=lambda: caffe_pb2.TransformationParameter())
    resize: tuple[int, int] | None = None

    @classmethod
    def of(cls, layer):
        """What a data layer does to its images; None if nothing."""
        transform = caffe_pb2.TransformationParameter()
        transform.CopyFrom(layer.transform_param)
        for each, _ in transform.ListFields():
            if each.name not in KEPT:  # chance, as mirror, is for training; what forks do besides is not done here
                transform.ClearField(each.name)
        image = layer.image_data_param
        resize = (image.new_height, image.new_width) if image.new_height and image.new_width else None
        return cls(transform, resize) if transform.ListFields() or resize else None


def write(carried):
    """{input: Carried} as lines of comment."""
    from protonet.prototxt.write import dumps

    lines = []
    for name, each in carried.items():
        text = " ".join(line.strip() for line in dumps(each.transform).splitlines())
        resize = " resize {{ {} {} }}".format(*each.resize) if each.resize else ""
        lines.append(f"{MARK}{name} {{ transform {{ {text} }}{resize} }}\n")
    return "".join(lines)


def read(text):
    """{input: Carried} of a prototxt's text."""
    from protonet.prototxt.parse import loads

    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith(MARK):
            continue
        match = LINE.match(line)
        if not match:
            raise ParseError(f"expected '{MARK}INPUT {{ transform {{ ... }} }}', found '{line}'", f"line {number}")
        name, transform, *resize = match.groups()
        message = loads(transform, "TransformationParameter", name=f"line {number}").message
        found[name] = Carried(message, (int(resize[0]), int(resize[1])) if resize[0] else None)
    return found
