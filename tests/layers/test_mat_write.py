import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError, NetError
from tests.naive.mat_write import mat_write
from tests.tools import layer


def made(text, *shapes):
    return layer(f'type: "MatWrite" mat_write_param {{ {text} }}', *shapes, wants=[False] * len(shapes))


def test_each_bottom_is_a_file(tmp_path, rng):
    xs = rng.normal(size=(2, 3, 4, 5)).astype("f"), rng.normal(size=(2, 3)).astype("f")
    it = made(f'prefix: "{tmp_path}/out/a_"', *(x.shape for x in xs))
    it.forward(*xs)
    it.forward(*(2 * x for x in xs))
    for k in range(2):
        name, found = mat_write(tmp_path / f"out/a_iter_{k}_blob_0.mat")
        assert name == "data"
        assert_array_equal(found, (k + 1) * xs[0].T)
        assert_array_equal(mat_write(tmp_path / f"out/a_iter_{k}_blob_1.mat")[1][0, 0], (k + 1) * xs[1].T)


def test_names_come_from_a_list_and_lose_their_ends(tmp_path):
    (tmp_path / "list").write_text("one.jpg 3\ntwo.jpg\n")
    it = made(f'prefix: "{tmp_path}/" source: "{tmp_path}/list" strip: 4 period: 2', (1, 2))
    for _ in range(2):
        it.forward(np.ones((1, 2)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list", "one_blob_0.mat"]
    with pytest.raises(DataError, match="lists 2 names, and this is pass 3"):
        it.forward(np.ones((1, 2)))


def test_refusals(tmp_path):
    with pytest.raises(NetError, match="period is at least 1, strip at least 0: found 0 and 0"):
        made('prefix: "" period: 0', (1, 2))
    with pytest.raises(DataError, match="the list of names cannot be read"):
        made(f'prefix: "" source: "{tmp_path}/none"', (1, 2)).forward(np.ones((1, 2)))
    (tmp_path / "list").write_text("a\n")
    with pytest.raises(DataError, match="no more than the 4 letters that strip takes"):
        made(f'prefix: "" source: "{tmp_path}/list" strip: 4', (1, 2)).forward(np.ones((1, 2)))
