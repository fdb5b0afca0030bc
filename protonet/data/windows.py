"""Batches of windows cut out of images: what R-CNN was trained with.

The file, for each image:  `# number`, path, channels, height, width, how many windows, then a line for each window:
`class overlap x1 y1 x2 y2`.  A batch has `fg_fraction` of its windows from those with overlap >= fg_threshold, after
the others, from those below bg_threshold, whose label is 0.  A window is warped to crop_size; with context_pad, or as
a square, it is first widened, and what lies outside of the image stays 0.  (Caffe: window_data_layer.cpp, which takes
`scale` from window_data_param, where its own upgrade no longer leaves it; here transform_param's counts as well.)
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from protonet.data.draws import Draws
from protonet.data.images import locate
from protonet.data.transform import Transform
from protonet.errors import DataError, ShapeError
from protonet.io import images


@dataclass
class Window:
    path: str
    label: int
    overlap: float
    box: tuple[int, int, int, int]  # x1, y1, x2, y2, all inside


def read_windows(path: Path) -> list[Window]:
    """All windows of a file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise DataError(f"the window file cannot be read: {error.strerror}", path) from None
    numbered = [(i, line.strip()) for i, line in enumerate(lines, 1) if line.strip()]
    windows, at = [], 0
    while at < len(numbered):
        line = numbered[at][0]
        try:
            mark, name, channels, _, _, count = (text for _, text in numbered[at : at + 6])
            if not mark.startswith("#"):
                raise ValueError(f"'{mark}' where '# number' should be")
            if int(channels) != 3:
                raise ValueError(f"{channels} channels; images are read in colour")
            if int(count) < 0:
                raise ValueError(f"{count} windows")
            for line, text in numbered[at + 6 : at + 6 + int(count)]:  # noqa: B007
                label, overlap, *box = text.split()
                x1, y1, x2, y2 = map(int, box)
                if x1 > x2 or y1 > y2:
                    raise ValueError(f"a window from {x1}, {y1} to {x2}, {y2}, which has no pixels")
                windows.append(Window(name, int(label), float(overlap), (x1, y1, x2, y2)))
            if at + 6 + int(count) > len(numbered):
                raise ValueError(f"the end, where {count} windows should be")
        except ValueError as error:
            raise DataError(f"expected an image and its windows, found {error}", f"{path}:{line}") from None
        at += 6 + int(count)
    return windows


class WindowBatches:
    """spec: a WindowDataParameter; path: of its file."""

    def __init__(self, spec: Any, path: Path, transform: Transform, tops: int, draws: Draws):
        self.spec, self.path, self.transform, self.draws = spec, path, transform, draws
        windows = read_windows(path)
        self.front = [w for w in windows if w.overlap >= spec.fg_threshold]
        self.back = [w for w in windows if w.overlap < spec.bg_threshold and w not in self.front]
        if bad := next((w for w in self.front if w.label < 1), None):
            raise DataError(f"a foreground window of {bad.path} has label {bad.label}; expected 1 or more", path)
        if not self.front or not self.back:
            raise DataError(
                f"{len(self.front)} foreground and {len(self.back)} background windows; both are needed", path
            )
        self.crop = transform.crop[0]
        if not self.crop or transform.crop[0] != transform.crop[1]:
            raise ShapeError("WindowData needs transform_param.crop_size: the size that windows are warped to")
        if not 0 <= spec.fg_fraction <= 1:
            raise ShapeError(f"fg_fraction is the share of foreground windows, 0 to 1, found {spec.fg_fraction:g}")
        if spec.crop_mode not in ("warp", "square"):
            raise ShapeError(f"crop_mode is 'warp' or 'square', found '{spec.crop_mode}'")
        if 2 * spec.context_pad >= self.crop:
            raise ShapeError(f"context_pad {spec.context_pad} leaves nothing of crop_size {self.crop}")
        self.shapes = [(spec.batch_size, 3, self.crop, self.crop), (spec.batch_size,)][:tops]
        self.bytes = lru_cache(None if spec.cache_images else 1)(images.read_bytes)

    def fill(self, index: int, out: list[np.ndarray]) -> list[np.ndarray]:
        rng, size = self.draws.batch(index), self.spec.batch_size
        front = int(size * np.float32(self.spec.fg_fraction))
        out[0][...] = 0
        for i in range(size):
            among = self.back if i < size - front else self.front
            window = among[rng.integers(len(among))]
            flip = bool(self.transform.mirror and rng.integers(2))
            self.cut(window, flip, out[0][i])
            if len(out) > 1:
                out[1][i] = window.label if i >= size - front else 0
        return out

    def cut(self, window: Window, flip: bool, out: np.ndarray) -> None:
        """One window, warped into its place."""
        path = locate(window.path, self.spec.root_folder, self.path.parent)
        image = images.decode(self.bytes(path), True, path)
        square = self.spec.crop_mode == "square"
        if self.spec.context_pad or square:
            box, x, y, w, h = widened(window.box, image.shape[:2], self.crop, self.spec.context_pad, square, flip)
        else:
            box, x, y, w, h = window.box, 0, 0, self.crop, self.crop
        x1, y1, x2, y2 = box
        if not (0 <= x1 <= x2 < image.shape[1] and 0 <= y1 <= y2 < image.shape[0]):
            raise DataError(
                f"window {window.box} lies outside of {path}, {image.shape[1]} x {image.shape[0]}", self.path
            )
        if min(w, h) < 1:
            return
        patch = images.resize(image[y1 : y2 + 1, x1 : x2 + 1], h, w).transpose(2, 0, 1)
        if flip:
            patch = patch[:, :, ::-1]
        into, mean = out[:, y : y + h, x : x + w], self.transform.mean
        np.copyto(into, patch)
        if mean is not None:
            if mean.shape[1:] != (1, 1):  # its middle, where the crop would be
                top, left = ((size - self.crop) // 2 for size in mean.shape[1:])
                mean = mean[:, top + y : top + y + h, left + x : left + x + w]
            into -= mean
        into *= self.transform.scale * np.float32(self.spec.scale)

    def close(self) -> None:
        self.bytes.cache_clear()


def widened(box, size, crop: int, pad: int, square: bool, flip: bool):
    """(box inside the image, x, y, w, h in the crop) of a window with its surroundings.

    Warped to crop x crop, the window itself fills all but `pad` on each side.
    """
    x1, y1, x2, y2 = box
    factor = crop / (crop - 2 * pad)
    half_h, half_w = (y2 - y1 + 1) / 2, (x2 - x1 + 1) / 2
    center_x, center_y = x1 + half_w, y1 + half_h
    if square:
        half_h = half_w = max(half_h, half_w)
    x1, x2 = away(center_x - half_w * factor), away(center_x + half_w * factor)
    y1, y2 = away(center_y - half_h * factor), away(center_y + half_h * factor)
    scale_x, scale_y = crop / (x2 - x1 + 1), crop / (y2 - y1 + 1)
    left, top = max(0, -x1), max(0, -y1)
    right, bottom = max(0, x2 - size[1] + 1), max(0, y2 - size[0] + 1)
    x1, y1, x2, y2 = x1 + left, y1 + top, x2 - right, y2 - bottom
    w, h = away((x2 - x1 + 1) * scale_x), away((y2 - y1 + 1) * scale_y)
    x, y = away((right if flip else left) * scale_x), away(top * scale_y)
    return (x1, y1, x2, y2), x, y, min(w, crop - x), min(h, crop - y)


def away(x: float) -> int:
    """Rounded, halves away from zero, as C does."""
    return int(math.copysign(math.floor(abs(x) + 0.5), x))
