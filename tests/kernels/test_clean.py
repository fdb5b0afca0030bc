"""What is taken out of the cache, and what never is."""

import os
import time

import pytest

from protonet.kernels import clean, objects

MODULE = "protonet.kernels.pointwise"
DAY = 24 * 3600


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTONET_CACHE", str(tmp_path / "cache"))
    objects.folder.cache_clear()
    yield objects.folder()
    objects.folder.cache_clear()


def old(path, days):
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def test_code_of_todays_sources_stays_and_of_others_goes(cache):
    objects.keep("pointwise.fill", MODULE, b"now")
    objects.keep("pointwise.scale.y_is_x", MODULE, b"now")
    (cache / f"pointwise.fill.{'0' * 16}.o").write_bytes(b"then")
    (cache / f"no_such_module.it.{'1' * 16}.o").write_bytes(b"gone")
    (cache / f"tuned.{'2' * 16}.json").write_text("{}")
    (cache / f"tuned.{'3' * 16}.json").write_text("{}")
    count, size = clean.clean(current={f"tuned.{'2' * 16}.json"})
    assert (count, size) == (3, 4 + 4 + 2)
    assert {file.name for file in cache.iterdir()} == {
        objects.file("pointwise.fill", MODULE).name,
        objects.file("pointwise.scale.y_is_x", MODULE).name,
        f"tuned.{'2' * 16}.json",
    }


def test_what_a_process_is_writing_stays_a_day(cache):
    aside = cache / "tmpab12cd34"
    aside.write_bytes(b"half")
    assert clean.clean()[0] == 0
    old(aside, 2)
    assert clean.clean()[0] == 1


def test_other_machines_stay_while_they_are_used(cache):
    other = cache.parent / ("a" * 16)
    other.mkdir()
    for name in "b", "c":
        (other / f"pointwise.{name}.{'0' * 16}.o").write_bytes(b"code")
        old(other / f"pointwise.{name}.{'0' * 16}.o", 100)
    old(other / f"pointwise.b.{'0' * 16}.o", 50)
    assert clean.clean()[0] == 0
    assert clean.clean(days=30)[0] == 2
    assert not other.exists()


def test_what_is_not_the_caches_is_never_touched(cache, tmp_path):
    foreign = [cache / "notes.txt", cache.parent / "weights.caffemodel", cache.parent / "models" / "x.o"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    foreign.append(elsewhere / f"pointwise.fill.{'0' * 16}.o")
    other = cache.parent / ("b" * 16)
    other.mkdir()
    foreign.append(other / "mine.txt")
    for file in foreign:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"mine")
        old(file, 1000)
    (cache.parent / ("c" * 16)).symlink_to(elsewhere)
    (cache / f"pointwise.link.{'0' * 16}.o").symlink_to(foreign[0])
    clean.clean(days=1)
    assert all(file.read_bytes() == b"mine" for file in foreign)


def test_another_machine_or_package_has_another_folder(cache, monkeypatch):
    """What is in the cache for one CPU, or one version, is never run on another."""
    objects.keep("pointwise.fill", MODULE, b"code for this one")
    before = objects.key()
    for what in (
        lambda patch: patch.setattr(objects.llvm, "get_host_cpu_name", lambda: "another"),
        lambda patch: patch.setattr(objects, "version", lambda package: "0.0"),
        lambda patch: patch.setenv("PROTONET_WIDTH", "2"),
    ):
        with monkeypatch.context() as patch:
            what(patch)
            objects.key.cache_clear()
            objects.folder.cache_clear()
            assert objects.key() != before
            assert objects.read("pointwise.fill", MODULE) is None
        objects.key.cache_clear()
        objects.folder.cache_clear()
    assert objects.read("pointwise.fill", MODULE) == b"code for this one"
