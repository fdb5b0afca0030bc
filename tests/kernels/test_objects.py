"""The cache of compiled kernels: private, whole or made again, named after its sources, free of numba when warm."""

import hashlib
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from protonet.kernels import objects

ROOT = Path(__file__).parents[2]
MODULE = "protonet.kernels.pointwise"
POSIX = pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions are POSIX's")
RUN = """
import numpy as np, sys
from protonet.kernels import objects, pointwise
from tests.kernels.tools import compiled
y = np.zeros(5, np.float32)
compiled(pointwise.fill, y, 3.0)
assert (y == 3).all()
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, for this process too."""
    place = tmp_path / "cache"
    monkeypatch.setenv("PROTONET_CACHE", str(place))
    objects.folder.cache_clear()
    yield place
    objects.folder.cache_clear()


def python(code, **environment):
    """A process that runs it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"} | environment  # the same code each time
    return subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def done(process):
    """What it printed; it must have ended well."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out, err


def object_files(place):
    return sorted(place.glob("*/*.o"))


@pytest.mark.slow
def test_two_cold_processes_fill_one_folder_and_a_warm_one_needs_no_numba(cache):
    both = [python(RUN + "assert 'numba' in sys.modules") for _ in range(2)]
    for process in both:
        done(process)
    (file,) = object_files(cache)
    assert list(file.parent.iterdir()) == [file], "files are left behind"
    written = file.stat().st_mtime_ns
    done(python(RUN + "assert 'numba' not in sys.modules"))
    assert file.stat().st_mtime_ns == written


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "changed", "emptied"])
def test_a_damaged_file_is_made_again(cache, damage):
    done(python(RUN))
    (file,) = object_files(cache)
    whole = file.read_bytes()
    wrong = {"cut": whole[: len(whole) // 2], "changed": whole[:-9] + b"\1" + whole[-8:], "emptied": b""}[damage]
    file.write_bytes(wrong)
    _, err = done(python("import logging; logging.basicConfig()" + RUN))
    assert "pointwise.fill is damaged" in err
    assert file.read_bytes() == whole


def test_a_file_begins_with_the_hash_of_the_rest(cache):
    objects.keep("it", MODULE, b"code")
    assert objects.file("it", MODULE).read_bytes() == hashlib.sha256(b"code").digest() + b"code"
    assert objects.read("it", MODULE) == b"code"
    assert objects.read("other", MODULE) is None


@POSIX
def test_folders_are_the_users_alone(cache):
    objects.keep("it", MODULE, b"code")
    for folder in cache, *cache.iterdir():
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@POSIX
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_is_left_alone(cache, mode, caplog):
    cache.mkdir()
    cache.chmod(mode)
    used = objects.folder()
    assert cache not in used.parents
    assert stat.S_IMODE(used.parent.stat().st_mode) == 0o700
    assert "others may write" in caplog.text
    assert not list(cache.iterdir())


@POSIX
def test_a_folder_of_somebody_else_is_left_alone(cache, caplog, monkeypatch):
    cache.mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: os.stat(cache).st_uid + 1)
    assert cache not in objects.folder().parents
    assert "belongs to somebody else" in caplog.text


@POSIX
def test_a_link_is_no_folder(cache, tmp_path, caplog):
    (tmp_path / "theirs").mkdir(mode=0o700)
    cache.symlink_to(tmp_path / "theirs")
    assert cache not in objects.folder().parents
    assert "is no folder" in caplog.text


def test_a_place_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROTONET_CACHE", str(tmp_path / "file" / "cache"))
    objects.folder.cache_clear()
    try:
        objects.keep("it", MODULE, b"code")
        assert objects.read("it", MODULE) == b"code"
        assert "cannot keep compiled kernels" in caplog.text
    finally:
        objects.folder.cache_clear()


def test_the_cache_is_where_the_system_keeps_such_things(monkeypatch):
    monkeypatch.delenv("PROTONET_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.setattr(sys, "platform", "linux")
    assert objects.root() == Path("/x/protonet")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert objects.root() == Path.home() / "Library/Caches/protonet"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert objects.root() == Path("/local/protonet/Cache")


def test_a_stamp_follows_what_the_module_imports(tmp_path, monkeypatch):
    """a imports b, b imports c in brackets; d is nobody's; all lie in the folder of kernels."""
    texts = {
        "compile": "",
        "array": "",
        "jit": "",
        "simd": "",
        "a": "from protonet.kernels.b import f\n",
        "b": "from protonet.kernels import (\n    c,\n    math,\n)\n",
        "c": "",
        "d": "",
        "sub/e": "import protonet.kernels.a\n",
    }
    (tmp_path / "sub").mkdir()
    monkeypatch.setattr(objects, "SOURCE", tmp_path)

    def stamps():
        objects.stamp.cache_clear()
        return {name: objects.stamp("protonet.kernels." + name.replace("/", ".")) for name in ("a", "d", "sub/e")}

    def changed(name):
        before = stamps()
        (tmp_path / f"{name}.py").write_text(texts[name] + "# changed\n")
        after = stamps()
        (tmp_path / f"{name}.py").write_text(texts[name])
        return {key for key in after if after[key] != before[key]}

    try:
        for name, text in texts.items():
            (tmp_path / f"{name}.py").write_text(text)
        assert changed("c") == changed("b") == changed("a") == {"a", "sub/e"}
        assert changed("d") == {"d"}
        assert changed("jit") == {"a", "d", "sub/e"}
    finally:
        objects.stamp.cache_clear()


def test_the_machine_and_the_width_name_the_folder(monkeypatch):
    keys = set()
    for width in "", "4", "8":
        monkeypatch.setenv("PROTONET_WIDTH", width)
        objects.key.cache_clear()
        keys.add(objects.key())
    monkeypatch.setenv("NUMBA_OPT", "1")
    objects.key.cache_clear()
    keys.add(objects.key())
    monkeypatch.undo()
    objects.key.cache_clear()
    assert len(keys) == 4


def test_a_full_disk_is_a_warning(cache, caplog, monkeypatch):
    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with caplog.at_level(logging.WARNING):
        objects.keep("it", MODULE, b"code")
    assert "no space left" in caplog.text
