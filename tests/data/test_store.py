import pytest

from protonet.data import store as module
from protonet.data.database import open_database
from protonet.data.store import store
from protonet.errors import DataError


def some(n, size=100):
    return ((b"%08d" % i, bytes([i % 256]) * size) for i in range(n))


def records(path):
    database = open_database(path)
    found = [(bytes(key), bytes(value)) for key, value in database.records()]
    database.close()
    return found


def test_the_map_grows_as_the_database_does(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FIRST_MAP", 1 << 16)
    seen = []
    assert store(tmp_path / "db", some(2500, 1000), progress=seen.append) == 2500
    assert seen == [1000, 2000, 2500]
    assert records(tmp_path / "db") == list(some(2500, 1000))


def test_an_existing_database_is_kept_unless_it_may_go(tmp_path):
    store(tmp_path / "db", some(3))
    with pytest.raises(DataError, match="the database exists"):
        store(tmp_path / "db", some(5))
    assert len(records(tmp_path / "db")) == 3
    store(tmp_path / "db", some(5), overwrite=True)
    assert len(records(tmp_path / "db")) == 5


def test_a_database_that_is_being_read_may_be_replaced(tmp_path):
    store(tmp_path / "db", some(3))
    old = open_database(tmp_path / "db")
    store(tmp_path / "db", some(5), overwrite=True)
    assert len(list(old.records())) == 3
    new = open_database(tmp_path / "db")
    assert len(list(new.records())) == 5
    old.close()
    new.close()


def test_anything_else_is_never_replaced(tmp_path):
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "thesis.tex").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for name in "db", "file":
        with pytest.raises(DataError, match="there is something else already"):
            store(tmp_path / name, some(3), overwrite=True)
    assert (tmp_path / "db" / "thesis.tex").read_text() == "precious"


def test_a_failure_leaves_what_was_there(tmp_path):
    store(tmp_path / "db", some(3))

    def failing():
        yield from some(2000)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store(tmp_path / "db", failing(), overwrite=True)
    assert len(records(tmp_path / "db")) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["db"]


def test_large_records_share_no_transaction_with_too_many_others():
    sizes = [len(group) for group in module.groups(some(10, 20 << 20))]
    assert sizes == [4, 4, 2]
