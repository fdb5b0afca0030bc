"""WindowData: what the layer adds to data/windows.py."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ProtonetError
from protonet.io import images
from protonet.layers import TRAIN
from tests.tools import layer


@pytest.fixture
def file(tmp_path, rng):
    (tmp_path / "a.png").write_bytes(images.encode(rng.integers(1, 256, (12, 14, 3), dtype=np.uint8)))
    (tmp_path / "win.txt").write_text("# 0\na.png\n3\n12\n14\n2\n1 1 1 1 6 6\n1 0.1 3 3 9 8\n")
    return tmp_path / "win.txt"


def made(file, more="batch_size: 4 fg_fraction: 0.5", transform="crop_size: 6 mirror: true"):
    spec = f'window_data_param {{ source: "{file.as_posix()}" {more} }}'
    return layer(f'type: "WindowData" transform_param {{ {transform} }} {spec}', phase=TRAIN)


def test_windows_and_classes_are_drawn(file):
    data, label = made(file).forward()
    assert data.shape == (4, 3, 6, 6)
    assert label.tolist() == [0, 0, 1, 1]
    assert (data > 0).all()


@pytest.mark.parametrize("more", ["", "cache_images: true", 'context_pad: 1 crop_mode: "square"'])
def test_a_seed_repeats_what_is_drawn(file, more):
    def run():
        it = made(file, f"batch_size: 8 {more}")
        return [it.forward()[0].copy() for _ in range(3)]

    first = run()
    assert_array_equal(first, run())
    assert not np.array_equal(first[0], first[1])


def test_a_missing_crop_is_refused(file):
    with pytest.raises(ProtonetError, match=r"WindowData needs transform_param.crop_size"):
        made(file, transform="")
