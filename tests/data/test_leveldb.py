import pytest

from protonet.data import sstable
from protonet.data.leveldb import Leveldb
from protonet.errors import DataError
from tests.conftest import GOLDEN, needs
from tests.data import leveldb_writer as w


def put(folder, tables, edits, logs=None):
    """tables: {number: (entries, packer)}; edits of the manifest; logs: {number: records}."""
    folder.mkdir(exist_ok=True)
    for number, (entries, pack) in tables.items():
        (folder / f"{number:06}.{'sst' if number % 2 else 'ldb'}").write_bytes(w.table(entries, pack=pack))
    (folder / "MANIFEST-000002").write_bytes(w.log(edits))
    (folder / "CURRENT").write_bytes(b"MANIFEST-000002\n")
    for number, records in (logs or {}).items():
        (folder / f"{number:06}.log").write_bytes(w.log(records))
    return folder


def span(level, number, entries):
    return level, number, w.internal(*entries[0][:3]), w.internal(*entries[-1][:3])


def records(path, skip=0):
    return [(bytes(key), bytes(value)) for key, value in Leveldb(path).records(skip)]


def entries(keys, sequence=1, kind=1, text="v"):
    return [(b"key%03d" % k, sequence, kind, f"{text}{k}".encode() * 3) for k in keys]


def expected(keys, text="v"):
    return [(b"key%03d" % k, f"{text}{k}".encode() * 3) for k in keys]


def test_tables_that_lie_apart_are_read_one_after_the_other(tmp_path):
    low, high = entries(range(20)), entries(range(20, 33))
    path = put(tmp_path / "db", {4: (high, None), 5: (low, None)}, [w.edit([span(1, 4, high), span(1, 5, low)])])
    assert records(path) == expected(range(33))
    assert records(path, 30) == expected(range(30, 33))
    assert len(Leveldb(path)) == 33


def test_newer_entries_hide_older_ones_and_deleted_ones_are_gone(tmp_path):
    old = entries(range(0, 20, 2))
    newer = sorted(entries([4, 5], 7, text="new") + entries([6], 8, 0), key=lambda e: (e[0], -e[1]))
    path = put(
        tmp_path / "db",
        {4: (old, None), 6: (newer, None)},
        [w.edit([span(2, 4, old)], log_number=7), w.edit([span(0, 6, newer)])],
        {7: [w.batch(20, [(b"key000", None), (b"key010", b"log")]), w.batch(30, [(b"key010", b"last")])], 3: [b"old"]},
    )
    found = dict(records(path))
    assert sorted(found) == [b"key%03d" % k for k in (2, 4, 5, 8, 10, 12, 14, 16, 18)]
    assert found[b"key004"] == b"new4new4new4"
    assert found[b"key010"] == b"last"
    assert found[b"key002"] == b"v2v2v2"


def test_tables_that_a_later_edit_takes_away_do_not_count(tmp_path):
    one, two = entries(range(5)), entries(range(3))
    edits = [w.edit([span(0, 4, one), span(0, 6, two)]), w.edit(deleted=[(0, 4)])]
    assert records(put(tmp_path / "db", {4: (one, None), 6: (two, None)}, edits)) == expected(range(3))


def test_records_of_a_log_may_reach_over_pages(tmp_path):
    big = bytes(range(256)) * 400
    path = put(tmp_path / "db", {}, [w.edit()], {3: [w.batch(1, [(b"a", big)]), w.batch(2, [(b"b", b"c")])]})
    assert records(path) == [(b"a", big), (b"b", b"c")]


def literal(data):
    """Snappy without copies."""
    return w.encoded(len(data)) + b"".join(
        bytes([len(p) - 1 << 2]) + p for p in (data[i : i + 50] for i in range(0, len(data), 50))
    )


@pytest.mark.parametrize("fast", [True, False])
def test_packed_blocks_are_unpacked_with_the_library_or_without(tmp_path, monkeypatch, caplog, fast):
    if fast:
        pytest.importorskip("cramjam")
    else:
        monkeypatch.setitem(__import__("sys").modules, "cramjam", None)
    sstable.unpacker.cache_clear()
    some = entries(range(20))
    path = put(tmp_path / "db", {4: (some, literal)}, [w.edit([span(1, 4, some)])])
    assert records(path) == expected(range(20))
    assert ("pip install 'protonet[leveldb]'" in caplog.text) is not fast
    sstable.unpacker.cache_clear()


def test_damage_is_an_error_with_the_name_of_the_file(tmp_path):
    some = entries(range(20))
    path = put(tmp_path / "db", {4: (some, None)}, [w.edit([span(1, 4, some)])])
    whole = (path / "000004.ldb").read_bytes()
    for damaged in (b"", whole[:-3], whole[:100], b"\xff" * 100 + whole[100:]):
        (path / "000004.ldb").write_bytes(damaged)
        with pytest.raises(DataError, match=r"000004.ldb: a damaged table"):
            records(path)
    (path / "000004.ldb").unlink()
    with pytest.raises(DataError, match=r"table 000004.ldb is missing"):
        records(path)
    for name in b"MANIFEST-000009\n", b"MANIFEST\xc0\n", b"MANIFEST\0\n", b"":
        (path / "CURRENT").write_bytes(name)
        with pytest.raises(DataError, match="db: not a LevelDB that can be read"):
            records(path)


@needs(GOLDEN)
def test_caffes_own_is_read_and_left_as_it_was(golden):
    from protonet.data.lmdb import Lmdb

    folder = golden / "data/conv_leveldb"
    before = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    other = Lmdb(golden / "data/conv_lmdb")
    assert records(folder) == [(bytes(key), bytes(value)) for key, value in other.records()]
    other.close()
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir()} == before


def test_what_leveldb_itself_writes_is_read(tmp_path, rng):
    plyvel = pytest.importorskip("plyvel")
    path, kept = str(tmp_path / "db"), {}
    database = plyvel.DB(path, create_if_missing=True, write_buffer_size=50_000, max_file_size=30_000)
    for _ in range(5000):
        key = b"%06d" % rng.integers(1500)
        if rng.random() < 0.2:
            database.delete(key)
            kept.pop(key, None)
        else:
            kept[key] = rng.bytes(int(rng.integers(60))) * int(rng.integers(1, 5))
            database.put(key, kept[key])
    database.close()
    assert records(path) == sorted(kept.items())
