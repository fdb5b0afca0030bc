"""What was done to images in training, at the top of a deploy prototxt."""

import pytest

from protonet.errors import ParseError
from protonet.prototxt import carried, parse
from protonet.prototxt.carried import Carried

DATA = """
layer { name: "d" type: "ImageData" top: "data"
  image_data_param { source: "l" new_height: 256 new_width: 300 }
  transform_param {
    crop_size: 227 mean_file: "a } b  c.binaryproto" mirror: true mean_value: 104.5 mean_value: 117
  } }"""


def of(text):
    return Carried.of(parse.loads(text).message.layer[0])


def test_what_is_written_is_read():
    there = {"data": of(DATA), "other": Carried(resize=(3, 4))}
    text = carried.write(there) + 'name: "n"\n'
    assert carried.read(text) == there
    assert text.splitlines()[0].startswith("# protonet: data { transform { crop_size: 227 mean_file:")
    assert parse.loads(text).message.name == "n"


def test_chance_is_not_carried():
    found = of(DATA)
    assert not found.transform.mirror
    assert found.resize == (256, 300)
    assert list(found.transform.mean_value) == [104.5, 117]


def test_a_layer_that_does_nothing_to_images_carries_nothing():
    assert of('layer { name: "d" type: "Data" top: "data" transform_param { mirror: true } }') is None


def test_a_file_without_such_lines_carries_nothing():
    assert carried.read("# a comment\nname: 'n'\n") == {}


@pytest.mark.parametrize("line", ["# protonet: data", "# protonet: data { transform { scael: 2 } }"])
def test_a_line_that_does_not_read_is_refused_with_its_number(line):
    with pytest.raises(ParseError, match="line 2"):
        carried.read(f"\n{line}\n")
