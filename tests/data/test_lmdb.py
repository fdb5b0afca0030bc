import os
import stat
import sys

import lmdb
import pytest

from protonet.data.lmdb import OPEN, Lmdb, identity
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
    assert (os.getpid(), *identity(database)) not in OPEN


def test_values_stay_while_the_database_is_open(database):
    it = Lmdb(database)
    values = [value for _, value in it.records()]
    assert bytes(values[0]) == b"v0" * 100
    it.close()


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
def test_a_forked_child_opens_its_own(database):
    it = Lmdb(database)
    middle = it.records()
    next(middle)
    child = os.fork()
    if not child:
        own = Lmdb(database)
        ok = len(keys(own.records())) == 10 and own.environment is not it.environment
        own.close()
        os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(keys(middle)) == 9
    assert len(keys(it.records())) == 10
    it.close()
