"""Image to blob, as Caffe's DataTransformer does it:  y = (x - mean) * scale,  of a crop of the image, maybe mirrored.

    crop_size    in TEST the middle, (size - crop) // 2 from the top and left; in TRAIN anywhere
    mirror       left to right, one time in two; in TEST too
    mean_file    one number per pixel, of the whole image; cropped with it
    mean_value   one number, or one per channel
    force_color, force_gray    how encoded images are decoded

Pixels are read where they lie (in the database's own memory) and written once, as floats, where the batch is.
"""

from pathlib import Path
from typing import Any

import numpy as np

from protonet.data.asked import only
from protonet.errors import DataError, ShapeError
from protonet.io.mean import load_mean
from protonet.prototxt.paths import find

TRAIN = 0
FIELDS = (
    "scale", "mirror", "crop_size", "crop_h", "crop_w", "crop_height", "crop_width",
    "mean_file", "mean_value", "force_color", "force_gray",
)  # fmt: skip


class Transform:
    """param: a TransformationParameter; phase: TRAIN or TEST; folder: of the prototxt, for its mean_file."""

    def __init__(self, param: Any, phase: int, folder: str | Path = ""):
        self.scale = np.float32(param.scale)
        self.mirror = param.mirror
        self.crop = crop_of(param)
        self.anywhere = phase == TRAIN and any(self.crop)
        if param.force_color and param.force_gray:
            raise ShapeError("force_color and force_gray contradict each other")
        self.color = True if param.force_color else False if param.force_gray else None
        if param.HasField("mean_file") and param.mean_value:
            raise ShapeError("mean_file and mean_value cannot both be given")
        only(param, *FIELDS)
        self.mean_file = str(find(param.mean_file, folder)) if param.HasField("mean_file") else ""
        self.mean: np.ndarray | None = None
        if self.mean_file:
            self.mean = load_mean(self.mean_file)
        elif param.mean_value:
            self.mean = np.asarray(param.mean_value, np.float32).reshape(-1, 1, 1)
        self.random = self.anywhere or self.mirror

    def shape(self, image: tuple[int, int, int]) -> tuple[int, int, int]:
        """The shape that comes of an image (C, H, W); refuses images that do not suit."""
        channels, *size = image
        crop = tuple(c or s for c, s in zip(self.crop, size, strict=True))
        if any(c > s for c, s in zip(crop, size, strict=True)):
            raise ShapeError(f"crop_size {crop[0]} x {crop[1]} is larger than the image, {size[0]} x {size[1]}")
        if (
            self.mean_file
            and self.mean is not None
            and self.mean.shape[1:] != (1, 1)
            and self.mean.shape != tuple(image)
        ):
            raise ShapeError(f"mean file '{self.mean_file}' is {self.mean.shape}, the images are {tuple(image)}")
        if self.mean is not None and len(self.mean) not in (1, channels):
            raise ShapeError(
                f"{len(self.mean)} values in mean_value for images of {channels} channels; give one, or one per channel"
            )
        return channels, crop[0], crop[1]

    def __call__(self, images: Any, out: np.ndarray, rng: np.random.Generator | None = None) -> None:
        """Fill out (N, C, h, w) from images: an array (N, C, H, W), or a list of (C, H, W) of any sizes."""
        if not isinstance(images, np.ndarray):
            places = self.places([image.shape[1:] for image in images], out, rng)
            for i, (image, top, left, flip) in enumerate(zip(images, *(p.tolist() for p in places), strict=True)):
                self.check(image.shape, out)
                self.write(image, self.mean_at(top, left, out), top, left, out[i, :, :, ::-1] if flip else out[i])
            return
        self.check(images.shape[1:], out)
        if not self.random:
            top, left = self.middle(images.shape[2:], out)
            return self.write(images, self.mean_at(top, left, out), top, left, out)
        tops, lefts, flips = self.places(np.broadcast_to(images.shape[2:], (len(images), 2)), out, rng)
        mean = self.mean
        if mean is not None and mean.shape[1:] != (1, 1):
            mean = windows(mean[None], np.zeros(len(images), int), tops, lefts, flips, out)
        self.write(windows(images, np.arange(len(images)), tops, lefts, flips, out), mean, 0, 0, out)

    def places(self, sizes: Any, out: np.ndarray, rng: np.random.Generator | None) -> list[np.ndarray]:
        """Top, left and whether mirrored, for images of these sizes."""
        room = np.asarray(sizes) - out.shape[2:]
        if not self.random:
            return [*(room // 2).T, np.zeros(len(room), bool)]
        if rng is None:
            raise ValueError("a random transform needs a generator")
        corner = rng.integers(np.maximum(room, 0) + 1) if self.anywhere else room // 2
        flips = rng.integers(2, size=len(room)).astype(bool) if self.mirror else np.zeros(len(room), bool)
        return [*corner.T, flips]

    def middle(self, size: Any, out: np.ndarray) -> tuple[int, int]:
        return (size[0] - out.shape[2]) // 2, (size[1] - out.shape[3]) // 2

    def check(self, image: tuple[int, ...], out: np.ndarray) -> None:
        """Images of a batch may differ in size only as far as the crop makes them alike."""
        channels, *size = image
        if (channels, *(c or s for c, s in zip(self.crop, size, strict=True))) != out.shape[1:] or min(
            s - c for s, c in zip(size, self.crop, strict=True)
        ) < 0:
            how = "" if any(self.crop) else "; images of different sizes need crop_size, or to be resized"
            raise DataError(f"an image is {tuple(image)}, the batch wants {out.shape[1:]}{how}")
        if self.mean_file and self.mean is not None and self.mean.shape[1:] not in ((1, 1), tuple(size)):
            raise DataError(f"an image is {tuple(image)}, the mean file is {self.mean.shape}")

    def mean_at(self, top: int, left: int, out: np.ndarray) -> np.ndarray | None:
        """What is subtracted of a crop."""
        if self.mean is None or self.mean.shape[1:] == (1, 1):
            return self.mean
        return self.mean[:, top : top + out.shape[-2], left : left + out.shape[-1]]

    def write(self, image: np.ndarray, mean: np.ndarray | None, top: int, left: int, out: np.ndarray) -> None:
        """One image, or a batch with one crop: a single pass but for the scale, which finds the numbers in cache."""
        image = image[..., top : top + out.shape[-2], left : left + out.shape[-1]]
        if mean is not None:
            np.subtract(image, mean, out=out, dtype=np.float32)
            if self.scale != 1:
                np.multiply(out, self.scale, out=out)
        elif self.scale != 1:
            np.multiply(image, self.scale, out=out, dtype=np.float32)
        else:
            np.copyto(out, image)


def crop_of(param: Any) -> tuple[int, int]:
    """(height, width) of the crop, 0 for none; forks give the two apart, under two names."""
    return (
        param.crop_h or param.crop_height or param.crop_size,
        param.crop_w or param.crop_width or param.crop_size,
    )


def windows(images, which, tops, lefts, flips, out) -> np.ndarray:
    """Crops of the size of out's, each at its own place, some mirrored, by one indexing of all that there are."""
    crops = np.lib.stride_tricks.sliding_window_view(images, out.shape[-2:], axis=(2, 3))[which, :, tops, lefts]
    crops[flips] = crops[flips, ..., ::-1]
    return crops
