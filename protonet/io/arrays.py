"""NumPy's files: .npy and .npz, never pickled, never larger in memory than the file can fill."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np

from protonet.errors import DataError
from protonet.io.atomic import replacing
from protonet.runtime import limit

BROKEN = zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, UnicodeError, struct.error


def load_npy(path: str | Path) -> np.ndarray:
    """The array of a .npy file."""
    try:
        with open(path, "rb") as file:
            return array(file, Path(path).stat().st_size, str(path))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path) from None


def load_npz(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a .npz file, by name."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = {}
            for item in archive.infolist():
                with archive.open(item) as file:
                    name = item.filename.removesuffix(".npy")
                    found[name] = array(file, item.file_size, f"{path}: {name}")  # type: ignore[arg-type]
            return found
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path) from None
    except BROKEN as error:
        raise DataError(f"expected arrays (.npz): {str(error).lower()}", path) from None


def array(file: BinaryIO | Any, size: int, where: str) -> np.ndarray:
    """The array that `file` holds in `size` bytes; its header is believed only as far as they reach."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except (ValueError, SyntaxError, TypeError, TokenError, RecursionError, MemoryError, UserWarning) as error:
        raise DataError(f"expected a NumPy array: {error}", where) from None  # its header is a Python expression
    if any(n < 0 for n in shape):
        raise DataError(f"expected a NumPy array, found the shape {shape}", where)
    if dtype.hasobject or dtype.kind not in "biufc":
        raise DataError(f"expected an array of numbers, found {dtype}", where)
    wanted = prod(shape) * dtype.itemsize
    if wanted > size:
        raise DataError(f"an array of shape {shape} is announced, {wanted} bytes, but the file has {size}", where)
    limit.need(2 * wanted, f"{where}: reading an array of shape {shape}")
    data = file.read(wanted)
    if len(data) < wanted:
        found = len(data) // dtype.itemsize
        raise DataError(f"an array of shape {shape} is announced, but {found} numbers are there", where)
    values = np.frombuffer(data, dtype)
    return values.reshape(shape[::-1]).T.copy() if fortran else values.reshape(shape).copy()


def save_npz(path: str | Path, arrays: Mapping[str, np.ndarray], compress: bool = False) -> None:
    """Write arrays by name; any name does, slashes included."""
    with replacing(path) as aside, aside.open("wb") as file:
        (np.savez_compressed if compress else np.savez)(file, **arrays)  # type: ignore[arg-type]
