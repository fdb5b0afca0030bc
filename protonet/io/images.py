"""Images as Caffe sees them: OpenCV's decoder and resizing, uint8, height x width x channels, blue first.

    colour          3 channels, whatever the file has
    gray            1 channel
    as it is (None) what the file has: 1, 3, or 4 with an alpha channel

Files are read by Python and decoded from memory, since OpenCV opens no path with other than ASCII letters on Windows.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from protonet.errors import DataError
from protonet.io.sniff import what_is
from protonet.runtime import limit

MOST = 1 << 30  # pixels: OpenCV's own limit


def opencv() -> Any:
    """OpenCV; if nobody has loaded it before, it will make no images that are larger than memory may be taken."""
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(min(MOST, limit.limit() // 4)))
    import cv2

    return cv2


def decode(data: Any, color: bool | None = True, where: str | Path = "") -> np.ndarray:
    """The pixels of an encoded image (JPEG, PNG, ...): (H, W, C)."""
    cv2 = opencv()
    flag = cv2.IMREAD_UNCHANGED if color is None else cv2.IMREAD_COLOR if color else cv2.IMREAD_GRAYSCALE
    data = np.frombuffer(data, np.uint8)
    try:
        image = cv2.imdecode(data, flag) if data.size else None
    except cv2.error as error:
        raise DataError(f"an image that OpenCV cannot decode ({reason(error)})", where) from None
    if image is None:
        raise DataError(f"expected an image, found {data.size} bytes that OpenCV cannot decode", where)
    if image.dtype != np.uint8:
        raise DataError(
            f"expected an image of 8 bits per channel, found {image.dtype}; convert it, or force_color", where
        )
    return image if image.ndim == 3 else image[:, :, None]


def read_image(path: str | Path, color: bool | None = True, height: int = 0, width: int = 0) -> np.ndarray:
    """The pixels of an image file, resized where a size is given."""
    image = decode(read_bytes(path), color, path)
    return resize(image, height, width) if height and width else image


def read_bytes(path: str | Path) -> bytes:
    """An image file as it is; refused here already where its beginning tells that it is none."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"the image cannot be read: {error.strerror}", path) from None
    except ValueError as error:  # a zero byte in the name
        raise DataError(f"the image cannot be read: {error}", repr(str(path))) from None
    if data[:1] in (b"", b"<", b"v", b"\0") and (what := what_is(path)):
        raise DataError(f"expected an image, found {what}", path)
    return data


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear, as cv::resize does by default."""
    if image.shape[:2] == (height, width):
        return image
    cv2 = opencv()
    limit.check((height, width, image.shape[2]), "a resized image", 1)
    resized = cv2.resize(np.ascontiguousarray(image), (width, height))
    return resized if resized.ndim == 3 else resized[:, :, None]


def encode(image: np.ndarray, extension: str = "png") -> bytes:
    """An image in the format that a file name's ending stands for."""
    cv2 = opencv()
    try:
        done, data = cv2.imencode("." + extension.lstrip("."), image)
    except cv2.error as error:
        raise DataError(f"OpenCV cannot write images as '{extension}' ({reason(error)})") from None
    if not done:
        raise DataError(f"OpenCV cannot write images as '{extension}'")
    return data.tobytes()


def planes(image: np.ndarray) -> np.ndarray:
    """(H, W, C) as (C, H, W)."""
    return np.ascontiguousarray(image.transpose(2, 0, 1))


def reason(error: Exception) -> str:
    """OpenCV's own words without its file and line."""
    return str(getattr(error, "err", None) or error).strip().rpartition("error: ")[2].lower() or "no reason given"
