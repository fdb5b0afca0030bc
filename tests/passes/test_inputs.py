"""Data layers become inputs, whether the data are there or not."""

import numpy as np
import pytest

from protonet.errors import DataError, DeployError
from protonet.io import Weights
from protonet.passes import Journal
from protonet.passes.inputs import AS_DATA, feed
from protonet.prototxt import parse
from tests.passes.tools import conv, data, ip, layer

DUMMY = (
    'layer { name: "db" type: "DummyData" top: "data" dummy_data_param { shape { dim: 8 dim: 3 dim: 5 dim: 6 } '
    'data_filler { type: "gaussian" } } }\n'
)
GONE = (
    'layer { name: "db" type: "Data" top: "data" top: "label" data_param { source: "no_such_lmdb" batch_size: 8 } '
    "transform_param { crop_size: 24 scale: 0.5 mirror: true } }\n"
)


def fed(text, weights=None, **options):
    journal = Journal()
    return feed(parse.loads(text).message, weights or Weights(), journal=journal, **options), journal


def shapes(result):
    return [[tuple(s.dim) for s in each.input_param.shape] for each in result.net.layer if each.type == "Input"]


def test_a_data_layer_becomes_an_input_of_one():
    result, journal = fed(DUMMY + conv("c", "data"))
    assert shapes(result) == [[(1, 3, 5, 6)]]
    assert result.shapes == {"data": (1, 3, 5, 6)}
    assert str(journal.done[0]) == "DummyData db: becomes Input data (1, 3, 5, 6)"


def test_the_batch_is_as_asked_or_as_the_data_had_it():
    assert shapes(fed(DUMMY + conv("c", "data"), batch=4)[0]) == [[(4, 3, 5, 6)]]
    assert shapes(fed(DUMMY + conv("c", "data"), batch=AS_DATA)[0]) == [[(8, 3, 5, 6)]]


def test_an_input_stays_as_it_is_unless_a_batch_is_asked_for():
    text = data(2, 3, 4, 5) + conv("c", "data")
    assert fed(text)[0].net == parse.loads(text).message
    assert shapes(fed(text, batch=7)[0]) == [[(7, 3, 4, 5)]]


def test_a_shape_that_is_given_wins():
    assert shapes(fed(DUMMY + conv("c", "data"), shapes={"data": (1, 3, 9, 9)})[0]) == [[(1, 3, 9, 9)]]
    assert shapes(fed(GONE + ip("f", "data"), shapes={"data": (2, 3, 9, 9)})[0]) == [[(2, 3, 9, 9)]]


def test_a_shape_for_no_input_is_refused():
    with pytest.raises(DeployError, match=r"'dota' is no input of the net \(did you mean 'data'\?\)"):
        fed(DUMMY + conv("c", "data"), shapes={"dota": (1, 3, 9, 9)})


@pytest.mark.parametrize(
    ("layers", "weights", "n"),
    [
        (conv("c", "data"), {"c": np.zeros((4, 7, 3, 3))}, 7),
        (conv("c", "data", rest="kernel_size: 3 group: 2"), {"c": np.zeros((4, 7, 3, 3))}, 14),
        (layer("r", "ReLU", "data", "r") + conv("c", "r"), {"c": np.zeros((4, 7, 3, 3))}, 7),
        (layer("b", "BatchNorm", "data", "b"), {"b": np.zeros(5)}, 5),
        (ip("f", "data"), {"f": np.zeros((5, 100))}, 3),
    ],
)
def test_data_that_are_gone_leave_crop_and_trained_channels(layers, weights, n):
    found, _ = fed(GONE + layers, Weights({name: [array] for name, array in weights.items()}))
    assert shapes(found) == [[(1, n, 24, 24)]]


def test_data_that_are_gone_without_a_crop_are_refused_with_a_way_out():
    with pytest.raises(DataError, match=r"layer 'db': the shape of 'data' is not known: .*--input data=1,3,224,224"):
        fed(GONE.replace("crop_size: 24", "") + conv("c", "data"))


def test_what_was_done_to_images_is_carried_along_without_chance():
    result, _ = fed(GONE + conv("c", "data"))
    transform = result.carried["data"].transform
    assert (transform.crop_size, transform.scale, transform.HasField("mirror")) == (24, 0.5, False)


def test_a_constant_beside_other_data_stays_part_of_the_net():
    constant = layer(
        "one", "DummyData", "", "one", "dummy_data_param { shape { dim: 1 dim: 3 } data_filler { value: 2 } }"
    )
    text = data(1, 3) + constant.replace('bottom: ""', "") + layer("e", "Eltwise", "data one", "e")
    assert [each.type for each in fed(text)[0].net.layer] == ["Input", "DummyData", "Eltwise"]
