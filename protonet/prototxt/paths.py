"""Where a path in a prototxt or a list leads: from the current directory, as in Caffe, else from the file naming it."""

import os
from pathlib import Path

from protonet.errors import DataError


def find(path: str, folder: str | Path = "") -> Path:
    """`path` if there is such a file, or it is absolute; else the same below `folder`, if it is there; else `path`.

    Raises DataError for what no file can be called.
    """
    plain = Path(path)
    try:
        if not there(plain) and not plain.is_absolute() and folder and there(beside := Path(folder) / path):
            return beside
    except (OSError, ValueError) as error:  # too long; a zero byte in it
        why = str(getattr(error, "strerror", None) or error).lower()
        shown = path if len(path) < 80 else f"{path[:60]}..."
        raise DataError(f"expected the name of a file, found {shown!r} ({why})") from None
    return plain


def there(path: Path) -> bool:
    """Whether there is such a file; OSError or ValueError where there cannot be."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    return True
