"""From a picture to a record: a key, and the datum that Caffe's convert_imageset would write, byte for byte."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from protonet.data import datum
from protonet.errors import DataError
from protonet.io import images

log = logging.getLogger(__name__)

LONGEST_KEY = 511  # LMDB's own limit
AT_ONCE = 64  # images decoded together


@dataclass
class Options:
    """How images are stored.  resize: (height, width); encoded: as image files, of encode_type or each as it came."""

    gray: bool = False
    resize: tuple[int, int] | None = None
    encoded: bool = False
    encode_type: str = ""


@dataclass
class Picture:
    """What becomes one record: a file, or pixels (C, H, W)."""

    name: str
    label: int
    path: str = ""
    pixels: np.ndarray | None = None


def records(pictures: list[Picture], options: Options, skipped: list[str]) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of each picture that can be read; decoded by several threads, some at a time."""
    numbered, written = enumerate(pictures), 0
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        run = pool.map if any(picture.path for picture in pictures) else map
        while group := list(islice(numbered, AT_ONCE)):
            for (i, picture), value in zip(group, run(lambda one: attempt(one[1], options), group), strict=True):
                if isinstance(value, DataError):
                    log.warning("left out: %s", value)
                    skipped.append(picture.path)
                    continue
                written += 1
                key = f"{i:08}_{picture.name}" if picture.path else f"{i:08}"
                yield key.encode("utf-8", "surrogateescape")[:LONGEST_KEY], value
    if not written:
        raise DataError(f"none of the {len(pictures)} files could be read; the first: {skipped[0]}")


def attempt(picture: Picture, options: Options) -> bytes | DataError:
    try:
        return value_of(picture, options)
    except DataError as error:
        return error


def value_of(picture: Picture, options: Options) -> bytes:
    """The datum of one picture.  (Caffe: io.cpp, ReadImageToDatum.)"""
    if picture.pixels is not None:
        return of_pixels(picture.pixels, picture.label, options)
    data = images.read_bytes(picture.path)
    image = images.decode(data, not options.gray, picture.path)
    ending = os.path.splitext(picture.path)[1][1:].lower()
    if not options.encoded:
        return datum.raw(images.planes(resized(image, options)), picture.label)
    wanted = options.encode_type or ending or "png"
    if not options.resize and not options.gray and same_type(ending, wanted):
        return datum.encoded(data, picture.label)
    return datum.encoded(images.encode(resized(image, options), wanted), picture.label)


def of_pixels(pixels: np.ndarray, label: int, options: Options) -> bytes:
    if not options.resize and not options.encoded:
        return datum.raw(np.ascontiguousarray(pixels), label, encoded_field=False)
    image = resized(np.ascontiguousarray(pixels.transpose(1, 2, 0)), options)
    if options.encoded:
        return datum.encoded(images.encode(image, options.encode_type or "png"), label)
    return datum.raw(images.planes(image), label, encoded_field=False)


def resized(image: np.ndarray, options: Options) -> np.ndarray:
    return images.resize(image, *options.resize) if options.resize else image


def same_type(one: str, other: str) -> bool:
    jpeg = {"jpg", "jpeg"}
    return one == other or {one, other} <= jpeg
