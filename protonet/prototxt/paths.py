"""Where a path in a prototxt or a list leads: from the current directory, as in Caffe, else from the file naming it."""

from pathlib import Path


def find(path: str, folder: str | Path = "") -> Path:
    """`path` if there is such a file, or it is absolute; else the same below `folder`, if it is there; else `path`."""
    plain = Path(path)
    if not plain.is_absolute() and folder and not plain.exists() and (beside := Path(folder) / path).exists():
        return beside
    return plain
