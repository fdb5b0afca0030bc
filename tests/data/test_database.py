from itertools import islice

import numpy as np
import pytest

from protonet.data.convert import write
from protonet.data.database import endless, open_database, shuffled
from protonet.data.draws import Draws
from protonet.errors import DataError
from tests.conftest import GOLDEN, needs


@needs(GOLDEN)
def test_what_a_database_is_is_told_by_what_lies_there(golden):
    for name in ("conv_leveldb", "conv_lmdb", "conv_lmdb/data.mdb"):
        database = open_database(golden / "data" / name)
        assert len(database) == 24
        database.close()


def test_the_records_begin_again_at_the_end(tmp_path):
    write(tmp_path / "db", np.zeros((3, 1, 2, 2), np.uint8), range(3))
    database = open_database(tmp_path / "db")
    assert [int(bytes(key)) for key, _ in islice(endless(database, 2), 8)] == [2, 0, 1, 2, 0, 1, 2, 0]
    database.close()


def test_every_round_may_have_an_order_of_its_own(tmp_path):
    write(tmp_path / "db", np.zeros((5, 1, 2, 2), np.uint8), range(5))
    database = open_database(tmp_path / "db")

    def numbers(skip, count):
        return [int(bytes(key)) for key, _ in islice(shuffled(database, Draws(1, 2), skip), count)]

    found = numbers(0, 30)
    rounds = [tuple(found[i : i + 5]) for i in range(0, 30, 5)]
    assert all(sorted(each) == list(range(5)) for each in rounds)
    assert len(set(rounds)) > 3
    assert numbers(7, 10) == found[7:17]
    database.close()


@needs(GOLDEN)
def test_a_leveldb_cannot_be_shuffled(golden):
    with pytest.raises(DataError, match="conv_leveldb: a LevelDB can only be read in order"):
        next(shuffled(open_database(golden / "data/conv_leveldb"), Draws(1, 2)))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda p: None, "there is no such database; `protonet convert` makes one"),
        (lambda p: p.mkdir(), "found a folder with nothing"),
        (lambda p: (p.mkdir(), (p / "0.jpg").touch()), "found a folder with 0.jpg"),
        (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n"), "found an HDF5 file; HDF5 files are read by an HDF5Data layer"),
        (lambda p: p.write_bytes(b"version https://git-lfs.github.com/spec/v1"), "found a Git LFS pointer"),
    ],
)
def test_what_is_no_database_is_refused(make, why, tmp_path):
    make(tmp_path / "db")
    with pytest.raises(DataError, match=f"db: .*{why}"):
        open_database(tmp_path / "db")


def test_an_empty_database_is_refused(tmp_path):
    write(tmp_path / "db", np.zeros((0, 1, 2, 2), np.uint8), [])
    with pytest.raises(DataError, match="db: the database is empty"):
        open_database(tmp_path / "db")
