"""ImageData: what the layer adds to data/images.py."""

import numpy as np
import pytest

from protonet.errors import ProtonetError
from protonet.io import images
from protonet.layers import TEST
from tests.tools import layer


@pytest.fixture
def listed(tmp_path):
    for i, size in enumerate([(4, 5), (6, 3), (4, 5)]):
        (tmp_path / f"{i}.png").write_bytes(images.encode(np.full((*size, 3), i, np.uint8)))
    (tmp_path / "list.txt").write_text("0.png 0\n1.png 1\n2.png 2\n")
    return tmp_path / "list.txt"


def made(listed, more="", transform="", phase=TEST, tops='top: "data" top: "label"'):
    text = (
        f'type: "ImageData" {tops} transform_param {{ {transform} }} image_data_param {{ source: "{listed.as_posix()}" '
    )
    return layer(f"{text} {more} }}", phase=phase)


def test_images_are_resized_to_one_size(listed):
    data, label = made(listed, "batch_size: 3 new_height: 8 new_width: 7").forward()
    assert data.shape == (3, 3, 8, 7)
    assert label.tolist() == data[:, 0, 0, 0].tolist() == [0, 1, 2]


def test_or_cropped(listed):
    assert made(listed, "batch_size: 3", "crop_size: 2").forward()[0].shape == (3, 3, 2, 2)


def test_one_top_is_the_images(listed):
    assert len(made(listed, "batch_size: 2", "crop_size: 2", tops='top: "data"').forward()) == 1


def test_single_images_may_each_have_their_size(listed):
    it = made(listed).layer
    assert it.dynamic
    assert [it.compute()[0].shape for _ in range(4)] == [(1, 3, 4, 5), (1, 3, 6, 3), (1, 3, 4, 5), (1, 3, 4, 5)]
    assert not made(listed, "new_height: 8 new_width: 7").layer.dynamic
    assert not made(listed, "", "crop_size: 2").layer.dynamic


def test_one_side_of_a_new_size_is_refused(listed):
    with pytest.raises(ProtonetError, match="new_height and new_width are given both, or neither"):
        made(listed, "new_height: 8")


def test_a_missing_source_is_refused():
    with pytest.raises(ProtonetError, match=r"ImageData needs image_data_param.source"):
        layer('type: "ImageData" top: "x"')
