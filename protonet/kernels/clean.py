"""Take out of the cache what nobody will ask for again.

In this machine's folder: code of kernels whose source is another now, measurements made with it, and files that a
process has left aside when it was killed, after a day.  Folders of other machines, or of other versions of numba, which
share the cache where a home folder is shared, only when nothing in them was written or read for `days`.  Nothing but
files that are named as those of the cache is touched, and whoever misses one compiles it again.
"""

import re
import time

from protonet.kernels import objects

FOLDER = re.compile(r"[0-9a-f]{16}")
CODE = re.compile(r"(?P<kernel>.+)\.(?P<stamp>[0-9a-f]{16})\.o")
MEASURED = re.compile(r"tuned\.[0-9a-f]{16}\.json")
ASIDE = re.compile(r"tmp\w{8}|\.tuned\..*")
DAYS, DAY = 90, 24 * 3600


def clean(days=DAYS, now=None, current=()):
    """Removes files; returns (how many, bytes).  current: names of files of measurements to keep."""
    now = time.time() if now is None else now
    here, count, size = objects.folder(), 0, 0
    for folder in sorted(objects.root().iterdir()):
        if not FOLDER.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
            continue
        files = [file for file in folder.iterdir() if mine(file.name) and file.is_file() and not file.is_symlink()]
        others = folder != here
        if others and any(now - used(file) < days * DAY for file in files):
            continue
        for file in files:
            if others or stale(file, now, current):
                count, size = count + 1, size + file.stat().st_size
                file.unlink(missing_ok=True)
        if others and not any(folder.iterdir()):
            folder.rmdir()
    return count, size


def mine(name):
    return any(pattern.fullmatch(name) for pattern in (CODE, MEASURED, ASIDE))


def used(file):
    """When it was last written or read, as far as the system notes that."""
    about = file.stat()
    return max(about.st_mtime, about.st_atime)


def stale(file, now, current):
    """Whether nobody here asks for this file again."""
    if found := CODE.fullmatch(file.name):
        return found["stamp"] not in stamps(found["kernel"])
    return file.name not in current if MEASURED.fullmatch(file.name) else now - used(file) > DAY


def stamps(kernel):
    """The stamps that code of this kernel may bear today, whichever part of its name is its module's."""
    parts = kernel.split(".")
    modules = [f"{objects.PACKAGE}.{'.'.join(parts[:n])}" for n in range(1, len(parts))]
    return {
        objects.stamp(m) for m in modules if objects.SOURCE.joinpath(*m.split(".")[2:]).with_suffix(".py").is_file()
    }
