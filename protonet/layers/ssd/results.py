"""What DetectionOutput has found, in files, as the programs read them that judge detectors: save_output_param.

    output_directory      made if it is not there; without it nothing is written
    output_name_prefix    P below
    output_format         VOC      PNAME.txt for each label: image, score, x0, y0, x1, y1
                          COCO     P.json: a list of {image_id, category_id, bbox: [x, y, w, h], score}
                          ILSVRC   P.txt: image, label, score, x0, y0, x1, y1
    label_map_file        the names of labels
    name_size_file        a line `name height width` for each image, in the order in which they come
    num_test_image        when so many images have been seen, files are written, whole; else when all that are named
    resize_param          how images were made to fit, which boxes are moved back from

Boxes are cut to the image; VOC and ILSVRC have them in whole pixels, the end being the start and a size cut off so.

Fork: detection_output_layer.cpp of weiliu89/caffe (ssd), which first deletes all that the directory holds: nothing is
deleted here.  Without the two lists it writes nothing, and says so; here also where they are named and not there.
"""

import json
import logging
import re
from pathlib import Path

import numpy as np

from protonet.errors import DataError, ProtonetError
from protonet.io.atomic import replacing
from protonet.prototxt import parse

log = logging.getLogger(__name__)
FORMATS = "VOC", "COCO", "ILSVRC"
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


class Results:
    """The files of one layer.  spec: its SaveOutputParameter; layer: its name, for what is said."""

    def __init__(self, spec, background, layer):
        self.spec, self.background, self.layer = spec, background, layer
        self.found: list[tuple] = []  # (image, label, score, x, y, w, h)
        self.seen, self.ready = 0, None

    def add(self, rows, images, folder):
        """The boxes (R, 7) of so many images; folder: of the prototxt, where the lists are looked for too."""
        if self.ready is None:
            self.ready = self.begin(folder)
        if not self.ready:
            return
        for i in range(images):
            if self.seen >= len(self.images):
                raise DataError(f"name_size_file '{self.spec.name_size_file}' names {len(self.images)} images: too few")
            name, size = self.images[self.seen]
            mine = rows[(rows[:, 0] == i) & (rows[:, 1] >= 0)]
            for label in set(mine[:, 1].astype(int)) - set(self.names):
                raise DataError(f"label_map_file '{self.spec.label_map_file}' has no label {label}")
            for row, box in zip(mine, measured(placed(mine[:, 3:], size, self.spec)), strict=True):
                self.found.append((name, int(row[1]), row[2], *box))
            self.seen += 1
            if self.seen == self.count:
                self.write()
                self.found, self.seen = [], 0

    def begin(self, folder):
        """Reads the lists; False, with a warning, where nothing can be written."""
        spec = self.spec
        if spec.output_format not in FORMATS:
            return self.without(f"output_format is one of {', '.join(FORMATS)}, not '{spec.output_format}'")
        try:
            items = parse.load_prototxt(there(spec.label_map_file, "label_map_file", folder), "LabelMap").item
            lines = there(spec.name_size_file, "name_size_file", folder).read_text("utf-8").split()
            sizes = [tuple(map(int, pair)) for pair in zip(lines[1::3], lines[2::3], strict=True)]
        except (ProtonetError, OSError, ValueError) as error:
            return self.without(error)
        self.names = {item.label: item.name for item in items}
        self.images = list(zip(lines[::3], sizes, strict=True))
        self.count = spec.num_test_image or len(self.images)
        if not 0 < self.count <= len(self.images):
            return self.without(f"num_test_image is {self.count}, and name_size_file names {len(self.images)}")
        return True

    def without(self, why):
        log.warning("layer '%s': no files are written to '%s': %s", self.layer, self.spec.output_directory, why)
        return False

    def write(self):
        prefix, form, texts = self.spec.output_name_prefix, self.spec.output_format, {}
        if form == "COCO":
            texts[f"{prefix}.json"] = json.dumps(list(map(self.detection, self.found)), indent=4) + "\n"
        elif form == "ILSVRC":
            texts[f"{prefix}.txt"] = "".join(line(each, f"{each[0]} {each[1]}") for each in self.found)
        else:
            for label, name in self.names.items():
                if label != self.background:
                    mine = (line(each, each[0]) for each in self.found if each[1] == label)
                    texts[f"{prefix}{name}.txt"] = "".join(mine)
        for name, text in texts.items():
            path = Path(self.spec.output_directory, name)
            try:
                with replacing(path) as aside:
                    aside.write_text(text, "utf-8")
            except OSError as error:
                raise DataError(f"cannot be written: {error.strerror or error}", path) from None

    def detection(self, each):
        image, label, score, *box = each
        said = dict(image_id=bare(image), category_id=bare(self.names[label]))
        return {**said, "bbox": [short(v) for v in box], "score": short(score)}


def there(name, what, folder):
    """The path of a list: from here, or beside the prototxt."""
    if not name:
        raise DataError(f"{what} is not given")
    places = Path(name), Path(folder or ".", name)
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise DataError(f"{what} '{name}' is not there")
    return found


def placed(boxes, size, spec):
    """Boxes in pixels of an image of this (height, width), from parts of what the net saw."""
    H, W = size
    resize = spec.resize_param if spec.HasField("resize_param") else None
    if resize is not None:
        if min(resize.height, resize.width) < 1:
            raise DataError("save_output_param: resize_param needs height and width")
        if resize.resize_mode == resize.FIT_LARGE_SIZE_AND_PAD:
            boxes = unpadded(boxes, resize.height, resize.width, np.float32(W) / np.float32(H))
        if resize.resize_mode == resize.FIT_SMALL_SIZE and resize.height_scale and resize.width_scale:
            scale = np.array([resize.width_scale, resize.height_scale] * 2, np.float32)
            return (boxes * scale).clip(0, np.array([W, H] * 2, np.float32))
    return boxes.clip(0, 1) * np.array([W, H] * 2, np.float32)


def unpadded(boxes, height, width, aspect):
    """Boxes in parts of the image, from parts of the frame that it was centred in; those beyond it as they are."""
    high, wide = np.float32(height), np.float32(width)
    if aspect > wide / high:
        at = np.float32(0), (high - wide / aspect) / 2 / high
    else:
        at = (wide - high * aspect) / 2 / wide, np.float32(0)
    low, size = np.array([*at, *at], np.float32), 1 - 2 * np.array([*at, *at], np.float32)
    meets = ((boxes[:, :2] < 1 - low[:2]) & (boxes[:, 2:] > low[:2])).all(1)
    return np.where(meets[:, None], (boxes - low) / size, boxes)


def measured(boxes):
    """(x, y, w, h), to a hundredth of a pixel."""
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1).astype(np.float64)
    sized = np.nan_to_num(sized)
    return (np.sign(sized) * np.floor(abs(sized) * 100 + 0.5) / 100).astype(np.float32)


def line(each, named):
    x, y, w, h = (int(v) for v in each[3:])
    return f"{named} {float(each[2]):g} {x} {y} {x + w} {y + h}\n"


def short(value):
    """A float32, as few digits as tell it from others."""
    return float(f"{float(value):.9g}")


def bare(text):
    """A number for what is one, as in COCO: names of images there are their numbers."""
    return json.loads(text) if NUMBER.fullmatch(text) else text
