"""Own pictures into a database, as Caffe's convert_imageset and convert_mnist_data do: the same keys, the same bytes.

    a folder of folders    each folder a class; their names, sorted, are the labels 0, 1, ... (kept in labels.txt)
    a list                 `path label` a line, paths from `root`, or from where the list is
    IDX files              MNIST's, gzipped or not; the labels lie beside the images

Keys are %08d_NAME (%08d for IDX): the number in the order of writing.  A file that is no image is left out, and said.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from protonet.data import datum, idx
from protonet.data.images import locate, read_list
from protonet.data.mean import mean_image, mean_of
from protonet.data.records import Options, Picture, records
from protonet.data.store import store
from protonet.errors import DataError
from protonet.io import images
from protonet.io.sniff import what_is

__all__ = ["Converted", "Options", "convert", "mean_image", "mean_of", "write"]

ENDINGS = {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".jp2"}


@dataclass
class Converted:
    """What came of it: how many records, the names of the classes (of a folder), the files that were left out."""

    count: int = 0
    classes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def convert(
    source: str | Path,
    output: str | Path,
    *,
    gray: bool = False,
    resize: tuple[int, int] | None = None,
    shuffle: bool = False,
    seed: int = 0,
    encoded: bool = False,
    encode_type: str = "",
    root: str = "",
    labels: str | Path = "",
    overwrite: bool = False,
    progress: Callable[[int, int], Any] | None = None,
) -> Converted:
    """Write an LMDB of a folder, a list or an IDX file.

    root: what stands before the paths of a list; labels: the IDX file of the labels, or a labels.txt whose order of the
    classes a folder shall follow (the training set's, for the test set); progress: called with (done, of how many).
    """
    options = Options(gray, resize, encoded or bool(encode_type), encode_type.lstrip(".").lower())
    check(options)
    result = Converted()
    pictures = list_of(Path(source), root, labels, result)
    if shuffle:
        order = np.random.Generator(np.random.Philox(seed)).permutation(len(pictures))
        pictures = [pictures[i] for i in order]
    texts = {"labels.txt": "".join(f"{name}\n" for name in result.classes)} if result.classes else {}
    total = len(pictures)
    report = (lambda done: progress(min(total, done + len(result.skipped)), total)) if progress else None
    result.count = store(output, records(pictures, options, result.skipped), overwrite, report, texts)
    return result


def check(options: Options) -> None:
    """Refuse an encoding before every picture fails by it."""
    if options.encode_type and not images.opencv().haveImageWriter(f"a.{options.encode_type}"):
        raise DataError(f"images cannot be encoded as '{options.encode_type}': png, jpg and bmp are known")


def write(path: str | Path, arrays: np.ndarray, labels: Iterable[int], overwrite: bool = True) -> int:
    """Write an LMDB of images (N, C, H, W), uint8, and their labels; returns how many."""
    arrays, numbers = np.asarray(arrays), [int(label) for label in labels]
    if arrays.dtype != np.uint8 or arrays.ndim != 4 or len(arrays) != len(numbers):
        raise DataError(
            f"expected uint8 images (N, C, H, W) and N labels, "
            f"found {arrays.dtype} {arrays.shape} and {len(numbers)} labels"
        )
    values = (
        (b"%08d" % i, datum.raw(image, label)) for i, (image, label) in enumerate(zip(arrays, numbers, strict=True))
    )
    return store(path, values, overwrite)


def list_of(source: Path, root: str, labels: str | Path, result: Converted) -> list[Picture]:
    """The pictures that a source means, in its order."""
    if not source.exists():
        raise DataError("there is no such folder, list or IDX file", source)
    if source.is_dir():
        return of_folder(source, labels, result)
    if idx.is_idx(source):
        return of_idx(source, labels)
    what = what_is(source)
    if what not in ("a text file", "a prototxt (text): it has no weights"):
        raise DataError(
            f"expected a folder of class folders, a list or an IDX file, found {what or 'none of these'}", source
        )
    return [Picture(name, label, locate(name, root, source.parent)) for name, label in read_list(source)]


def of_folder(source: Path, labels: str | Path, result: Converted) -> list[Picture]:
    """A folder is a class; images may lie deeper."""
    found = sorted(folder.name for folder in source.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    names = Path(labels).read_text(encoding="utf-8").splitlines() if labels else found
    if unknown := sorted(set(found) - set(names)):
        raise DataError(f"the class {unknown[0]} is not in {labels}", source)
    pictures = []
    for label, name in enumerate(names):
        paths = sorted(p for p in (source / name).rglob("*") if p.suffix.lower() in ENDINGS and p.name[0] != ".")
        pictures += [Picture(path.relative_to(source).as_posix(), label, str(path)) for path in paths]
    if not pictures:
        hint = "; it holds IDX files: name the one with the images" if any(map(idx.is_idx, files_of(source))) else ""
        raise DataError(f"expected a folder for each class, with images in them; found none{hint}", source)
    result.classes = names
    return pictures


def files_of(source: Path) -> list[Path]:
    return sorted(path for path in source.iterdir() if path.is_file())


def of_idx(source: Path, labels: str | Path) -> list[Picture]:
    pixels, numbers = idx.load(source), idx.load(labels or idx.labels_beside(source))
    if pixels.ndim not in (3, 4) or numbers.shape != (len(pixels),):
        raise DataError(f"expected images and a label for each, found {pixels.shape} and {numbers.shape}", source)
    if pixels.ndim == 3:
        pixels = pixels[:, None]
    return [Picture("", label, pixels=image) for image, label in zip(pixels, numbers.tolist(), strict=True)]
