import pytest

from protonet.io.sniff import is_text, what_is
from tests.conftest import CORPUS, GOLDEN, files, needs


@needs(CORPUS)
def test_prototxts_are_known_as_such():
    paths = files(CORPUS, "*.prototxt")[:300]
    assert len(paths) > 100
    known = [path for path in paths if "prototxt" in (what_is(path) or "")]
    assert len(known) >= 0.97 * len(paths)


@needs(GOLDEN)
def test_models_and_states_are_not_taken_for_anything_else():
    paths = files(GOLDEN, "*.caffemodel", "*.solverstate", "*.binaryproto")
    assert len(paths) > 50
    assert [path for path in paths if what_is(path)] == []


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"hello\n", True),
        ("größe".encode(), True),
        (b"gr\xc3\xc3en", False),
        (b"a\x00b", False),
        (b"\xff\xfe", False),
    ],
)
def test_text_is_told_from_bytes(head, text):
    assert is_text(head) is text


def test_a_letter_that_is_cut_at_the_end_is_still_text():
    assert is_text("ö".encode() * 10 + "ö".encode()[:1])
