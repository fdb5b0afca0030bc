"""Seeds of nets: foretold once one is set."""

import pytest

from protonet.net import seed


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(seed, "STATE", {"next": None})


def test_without_a_seed_none_can_be_foretold():
    assert len({seed.next_seed() for _ in range(4)}) == 4
    assert all(0 <= seed.next_seed() < 2**31 for _ in range(20))


def test_from_a_seed_on_they_count():
    seed.set_seed(7)
    assert [seed.next_seed() for _ in range(3)] == [7, 8, 9]
