"""Numbers and outputs as Caffe's log has them."""

import numpy as np
import pytest

from protonet.solvers.words import number, output_lines, values
from tests.net.tools import data, ip, layer, net


@pytest.mark.parametrize(
    ("x", "text"), [(0.05, "0.05"), (2.327451, "2.32745"), (1e-05, "1e-05"), (1234567.0, "1.23457e+06"), (3.0, "3")]
)
def test_numbers_have_six_digits_as_streams_print_them(x, text):
    assert number(x) == text


def test_every_number_of_every_output_has_a_line_and_losses_their_weight():
    made = net(data(2, 3) + ip("a", "data", "a", 2) + layer("r", "Reduction", "data", "sum", "loss_weight: 0.5"))
    made.blobs["a"].data[...] = [[1, 2], [3, 4]]
    made.blobs["sum"].data[...] = 6
    found = values(made)
    assert found == {"a": [1, 2, 3, 4], "sum": [6]}
    assert np.isscalar(found["sum"][0])
    assert list(output_lines(made, found, "Test")) == [
        *(f"    Test net output #{i}: a = {i + 1}" for i in range(4)),
        "    Test net output #4: sum = 6 (* 0.5 = 3 loss)",
    ]
