import os
import stat
import sys

import lmdb
import pytest

from protonet.data.lmdb import META, NOWHERE, Lmdb
from protonet.errors import DataError


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "db"
    with lmdb.open(str(path), map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        for i in range(10):
            transaction.put(b"%02d" % i, b"v%d" % i * 100)
    return path


def keys(records):
    return [bytes(key) for key, _ in records]


def test_records_come_by_key_from_any_number_on(database):
    it = Lmdb(database)
    assert len(it) == 10
    assert keys(it.records()) == [b"%02d" % i for i in range(10)]
    assert keys(it.records(7)) == [b"07", b"08", b"09"]
    assert keys(it.records(10)) == keys(it.records(11)) == []
    assert bytes(next(it.records(3))[1]) == b"v3" * 100
    it.close()


def test_one_database_may_be_open_twice_and_each_closes_for_itself(database):
    one, two = Lmdb(database), Lmdb(str(database) + os.sep + ".")
    one.close()
    one.close()
    assert len(keys(two.records())) == 10
    two.close()


def test_values_stay_while_somebody_has_them(database):
    it = Lmdb(database)
    values = [value for _, value in it.records()]
    it.close()
    assert bytes(values[0]) == b"v0" * 100


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no write bit there")
def test_nothing_is_written(database):
    (database / "lock.mdb").unlink()
    database.chmod(stat.S_IRUSR | stat.S_IXUSR)
    before = (database / "data.mdb").stat()
    it = Lmdb(database)
    assert len(keys(it.records())) == 10
    it.close()
    assert os.listdir(database) == ["data.mdb"]
    assert (database / "data.mdb").stat().st_mtime_ns == before.st_mtime_ns
    database.chmod(stat.S_IRWXU)


def test_the_file_itself_may_be_named(database):
    it = Lmdb(database / "data.mdb")
    assert len(it) == 10
    it.close()


def test_a_cut_file_is_refused_before_it_is_read(database):
    size = (database / "data.mdb").stat().st_size
    os.truncate(database / "data.mdb", size - 4096)
    with pytest.raises(DataError, match=f"db: the LMDB is cut: it should have {size} bytes"):
        Lmdb(database)


def test_another_file_is_refused(database):
    (database / "data.mdb").write_bytes(b"hello" * 10000)
    with pytest.raises(DataError, match="db: not an LMDB that can be read"):
        Lmdb(database)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_reads_on(database):
    it = Lmdb(database)
    middle = it.records()
    next(middle)
    child = os.fork()
    if not child:
        own = Lmdb(database)
        os._exit(0 if len(keys(own.records())) == 10 and len(keys(middle)) == 9 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(keys(middle)) == 9
    it.close()


@pytest.mark.parametrize("keys", [8, 300])
def test_what_the_library_writes_is_read_as_the_library_reads_it(keys, tmp_path, rng):
    """Trees of several levels, values in pages of their own, empty ones, pages that were split and freed again."""
    with lmdb.open(str(tmp_path), map_size=1 << 28) as environment:
        names = [(b"%06d" % i).ljust(int(rng.integers(6, keys)), b"k") for i in range(2000)]
        for part in names[::2], names[1::2]:
            with environment.begin(write=True) as transaction:
                for name in part:
                    transaction.put(name, rng.bytes(int(rng.choice([0, 1, 50, 800, 2030, 2040, 4096, 20000]))))
        with environment.begin(write=True) as transaction:
            for name in names[300:700]:
                transaction.delete(name)
        with environment.begin() as transaction:
            expected = list(transaction.cursor())
    it = Lmdb(tmp_path)
    assert it.depth >= 2
    assert len(it) == len(expected) == 1600
    assert [(key, bytes(value)) for key, value in it.records()] == expected
    for skip in 1, 7, 800, 1599, 1600, 2000:
        assert [key for key, _ in it.records(skip)] == [key for key, _ in expected[skip:]]
    numbers = rng.integers(0, 1600, 50).tolist()
    assert [(key, bytes(value)) for key, value in it.picked(numbers)] == [expected[i] for i in numbers]
    it.close()


def test_an_empty_one_has_no_records(tmp_path):
    lmdb.open(str(tmp_path)).close()
    it = Lmdb(tmp_path)
    assert len(it) == 0
    assert list(it.records()) == []


@pytest.mark.parametrize(
    ("at", "value"),
    [(10, 8), (12, 17), (12, 255), (13, 255), (17, 255)],
    ids=["kind", "odd end", "end", "far end", "far node"],
)
def test_damage_to_a_page_of_records_is_said(database, at, value):
    path = database / "data.mdb"
    whole = path.read_bytes()
    page = META.unpack_from(whole, 0)[2]
    root = max(META.unpack_from(whole, p)[-3] for p in (0, page) if META.unpack_from(whole, p)[-3] != NOWHERE)
    data = bytearray(whole)
    data[root * page + at] = value
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"db: a damaged LMDB \(.*\): copy or convert it again"):
        list(Lmdb(database).records())


def test_no_change_of_a_byte_ends_the_process(database):
    path = database / "data.mdb"
    whole = path.read_bytes()
    used = [at for at in range(len(whole)) if whole[at]]
    for at in used[:: max(1, len(used) // 400)]:
        for value in 0, 1, 127, 255:
            data = bytearray(whole)
            data[at] = value
            path.write_bytes(data)
            try:
                it = Lmdb(database)
                assert len(list(it.records())) <= len(whole) // 8
                list(it.picked(range(len(it))))
            except DataError:
                pass


def test_several_values_of_a_key_are_refused(tmp_path):
    with lmdb.open(str(tmp_path), max_dbs=1) as environment:
        environment.open_db(b"inner")
    with pytest.raises(DataError, match="a database in it"):
        list(Lmdb(tmp_path).records())
