import os
import threading

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.data import several
from protonet.data.datum import Reader, encoded
from protonet.errors import DataError
from protonet.io import images


def test_with_few_cores_it_is_a_loop(monkeypatch):
    monkeypatch.setattr(several, "cores", lambda: 2)
    assert set(several.each(lambda _: threading.get_ident(), range(5))) == {threading.get_ident()}


def test_with_more_it_is_done_by_others_in_order(monkeypatch):
    monkeypatch.setattr(several, "cores", lambda: 4)
    both = threading.Barrier(2, timeout=10)

    def work(i):
        both.wait()
        return i, threading.get_ident()

    found = several.each(work, range(4))
    assert [i for i, _ in found] == [0, 1, 2, 3]
    assert threading.get_ident() not in {thread for _, thread in found}


@pytest.mark.parametrize("cores", [2, 8])
def test_encoded_records_are_read_alike(cores, monkeypatch, rng):
    monkeypatch.setattr(several, "cores", lambda: cores)
    pictures = rng.integers(0, 256, (20, 6, 7, 3), dtype=np.uint8)
    records = [(b"%d" % i, encoded(images.encode(picture), i)) for i, picture in enumerate(pictures)]
    found, labels = Reader().read(records)
    assert labels == list(range(20))
    assert_array_equal(np.stack(found), pictures.transpose(0, 3, 1, 2))
    records[7] = records[9] = (b"bad", encoded(b"no image", 0))
    with pytest.raises(DataError, match="record 'bad': expected an image"):
        Reader().read(records)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch):
    monkeypatch.setattr(several, "cores", lambda: 4)
    assert several.each(abs, [-1, -2]) == [1, 2]
    child = os.fork()
    if not child:
        os._exit(0 if several.each(abs, [-3, -4]) == [3, 4] else 1)
    assert os.waitpid(child, 0)[1] == 0
