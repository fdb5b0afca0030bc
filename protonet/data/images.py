"""Batches of image files that a list names: `path label` a line, the label a whole number after the last space.

Paths are `root_folder` before what the list says; where there is no such file, it is looked for beside the list.
"""

import os
from pathlib import Path

import numpy as np

from protonet.data.batches import fitting
from protonet.data.draws import Draws
from protonet.data.several import each
from protonet.data.transform import Transform
from protonet.errors import DataError, ProtonetError
from protonet.io.images import read_image


def read_list(path: str | Path) -> list[tuple[str, int]]:
    """(path, label) of each line; blank lines are skipped, others refused by their number."""
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise DataError(f"the list cannot be read: {error.strerror}", path) from None
    found = []
    for i, line in enumerate(lines, 1):
        words = line.rsplit(None, 1)
        if not words:
            continue
        try:
            name, label = words
            found.append((name, int(label)))
        except ValueError:
            raise DataError(
                f"expected 'path label' with a whole number for a label, found '{line.strip()}'", f"{path}:{i}"
            ) from None
    if not found:
        raise DataError("the list is empty", path)
    return found


def locate(name: str, root: str, beside: str | Path) -> str:
    """The file that a list means by a name."""
    places = [root + name, os.path.join(root, name), os.path.join(beside, root, name)]
    return next((place for place in places if os.path.exists(place)), places[0])


class ImageBatches:
    """spec: an ImageDataParameter; path: of its list.  Epoch by epoch, each in an order of its own if `shuffle`."""

    def __init__(self, spec, path: Path, transform: Transform, tops: int, draws: Draws, varied: bool = False):
        self.path, self.root, self.color = path, spec.root_folder, spec.is_color
        self.height, self.width = spec.new_height, spec.new_width
        self.transform, self.draws, self.shuffle, self.varied = transform, draws, spec.shuffle, varied
        self.list = read_list(path)
        self.size = spec.batch_size
        self.skip = draws.begin(spec.rand_skip)
        if self.skip >= len(self.list):
            raise DataError(f"rand_skip {spec.rand_skip} skips more than the list has: {len(self.list)} images", path)
        self.epoch, self.order = -1, np.arange(len(self.list))
        image = self.read(self.entry(self.skip)[0])
        try:
            self.shapes = [(self.size, *transform.shape(image.shape)), (self.size,)][:tops]  # type: ignore[arg-type]
        except ProtonetError as error:
            raise error.at(path) from None

    def entry(self, position: int) -> tuple[str, int]:
        """What stands at a position of the endless list."""
        epoch, at = divmod(position, len(self.list))
        if self.shuffle and epoch != self.epoch:
            self.epoch, self.order = epoch, self.draws.order(epoch, len(self.list))
        return self.list[self.order[at]]

    def read(self, name: str) -> np.ndarray:
        """(C, H, W) uint8."""
        path = locate(name, self.root, self.path.parent)
        return read_image(path, self.color, self.height, self.width).transpose(2, 0, 1)

    def fill(self, index: int, out: list[np.ndarray]) -> list[np.ndarray]:
        start = self.skip + index * self.size
        names, labels = zip(*(self.entry(start + i) for i in range(self.size)), strict=True)
        images = each(self.read, names)
        try:
            if self.varied:
                out = fitting(out, [(self.size, *self.transform.shape(images[0].shape)), (self.size,)])  # type: ignore[arg-type]
            self.transform(images, out[0], self.draws.batch(index) if self.transform.random else None)
        except ProtonetError as error:
            raise error.at(f"{self.path}: '{names[0]}' and on") from None
        if len(out) > 1:
            out[1][...] = labels
        return out

    def close(self) -> None:
        """Nothing stays open."""
