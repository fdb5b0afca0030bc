import pytest

from protonet.errors import DataError
from protonet.prototxt.paths import find


@pytest.fixture
def folders(tmp_path, monkeypatch):
    for name in "here", "there":
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_the_current_directory_comes_first_then_the_folder_of_the_naming_file(folders):
    (folders / "there" / "a").touch()
    assert find("a", folders / "there") == folders / "there" / "a"
    (folders / "here" / "a").touch()
    assert str(find("a", folders / "there")) == "a"


def test_what_is_nowhere_stays_as_it_was_written(folders):
    assert str(find("b", folders / "there")) == "b"
    assert str(find("b")) == "b"
    assert find(str(folders / "c"), folders / "there") == folders / "c"


@pytest.mark.parametrize("name", ["a\0b", "a" * 300])
def test_what_no_file_can_be_called_is_refused(folders, name):
    with pytest.raises(DataError, match=r"expected the name of a file, found .*\(.+\)"):
        find(name, folders / "there")
