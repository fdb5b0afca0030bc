import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import protonet
from protonet.errors import NetError, ShapeError
from protonet.prototxt import parse
from tests.naive.eltwise import eltwise, spread
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 4)


def text(operation, more=""):
    return f'type: "Eltwise" eltwise_param {{ operation: {operation} {more} }}'


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("operation", ["SUM", "PROD", "MAX"])
def test_agrees_with_numpy(operation, n, rng):
    xs = rng.normal(size=(n, *SHAPE)).astype("f")
    _, (y,) = run(layer(text(operation), *[SHAPE] * n), *xs)
    assert_allclose(y.data, eltwise(xs, operation), rtol=1e-5, atol=1e-6)


def test_a_sum_may_be_weighted(rng):
    xs, coeff = rng.normal(size=(3, *SHAPE)), [0.5, -2, 3]
    _, (y,) = run(layer(text("SUM", "coeff: 0.5 coeff: -2 coeff: 3"), *[SHAPE] * 3), *xs)
    assert_allclose(y.data, eltwise(xs, "SUM", coeff), rtol=1e-5, atol=1e-5)


def test_a_maximum_passes_its_gradient_to_one_bottom():
    it = layer(text("MAX"), (4,), (4,), (4,))
    it.forward([1, 5, 2, 7], [1, 4, 3, 7], [1, 3, 3, 8])
    assert_array_equal(it.backward(1.0), [[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize("wants", [[False] * 2, [True] * 2])
def test_a_maximum_shows_nan(wants):
    it = layer(text("MAX"), (3,), (3,), wants=wants)
    assert_array_equal(it.forward([np.nan, 0, 1], [0, np.nan, 2])[0], [np.nan, np.nan, 2])


def test_the_gradient_of_a_product_survives_zeros():
    it = layer(text("PROD"), (3,), (3,), (3,))
    it.forward([0, 2, 3], [4, 0, 5], [6, 7, 8])
    assert_array_equal(it.backward(1.0), [[24, 0, 40], [0, 14, 24], [0, 0, 15]])


def test_the_unstable_gradient_of_a_product_does_not():
    it = layer(text("PROD", "stable_prod_grad: false"), (2,), (2,))
    it.forward([0, 2], [4, 3])
    assert_array_equal(it.backward(1.0), [[np.nan, 3], [0, 2]])


@pytest.mark.parametrize("more", ["PROD", "PROD stable_prod_grad: false", "SUM", "SUM coeff: 1 coeff: -2 coeff: 3"])
def test_gradient(more, rng):
    check_gradient(layer(text(more), *[(2, 5)] * 3), *rng.uniform(0.5, 1.5, (3, 2, 5)))


@pytest.mark.parametrize("more", ["PROD", "PROD stable_prod_grad: false"])
def test_gradient_of_a_product_in_place(more, rng):
    check_gradient(layer(text(more), *[(2, 5)] * 3, in_place=True), *rng.uniform(0.5, 1.5, (3, 2, 5)))


def test_a_sum_in_place_lacks_the_first_bottom_as_in_caffe_and_says_so(caplog):
    it = layer(text("SUM", "coeff: 1 coeff: 2 coeff: 3"), (2,), (2,), (2,), in_place=True)
    assert "a sum in place lacks bottom 'x0', as in Caffe" in caplog.text
    assert_array_equal(it.forward([7, np.nan], [1, 2], [3, 4])[0], [11, 16])
    assert_array_equal(it.backward(1.0), [[1, 1], [2, 2], [3, 3]])


@pytest.mark.parametrize("in_place", [False, True])
def test_gradient_of_a_maximum(in_place, rng):
    xs = rng.permutation(30).reshape(3, 2, 5)  # no ties
    check_gradient(layer(text("MAX"), *[(2, 5)] * 3, in_place=in_place), *xs)


def test_other_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"one shape: bottom 0 has \(2, 3\), bottom 1 has \(3, 2\)"):
        layer(text("SUM"), (2, 3), (3, 2))


@pytest.mark.parametrize(
    ("text_", "says"),
    [
        ("coeff: 1", "found 1 for 2 bottoms"),
        ("operation: PROD coeff: 1 coeff: 1", "SUM alone"),
    ],
)
def test_wrong_coefficients_are_refused(text_, says):
    with pytest.raises(NetError, match=says):
        layer(f'type: "Eltwise" eltwise_param {{ {text_} }}', (2,), (2,))


def test_one_bottom_is_refused():
    with pytest.raises(NetError, match="takes at least 2 bottoms, found 1"):
        layer('type: "Eltwise"', (2,))


@pytest.mark.parametrize("n", [2, 3])
def test_the_smallest(n, rng):
    xs = rng.normal(size=(n, *SHAPE)).astype("f")
    it = layer(text("MIN"), *[SHAPE] * n)
    _, (y,) = run(it, *xs)
    assert_array_equal(y.data, eltwise(xs, "MIN"))
    assert_array_equal(np.sum(it.backward(np.ones(SHAPE)), 0), 1)  # one bottom alone has it


@pytest.mark.parametrize("operation", ["SUM", "PROD", "MAX", "MIN", "DIV"])
@pytest.mark.parametrize(("small", "axis"), [((2,), 0), ((3,), 1), ((3, 4), 1), ((4,), -1), ((2, 3), 0), ((), 1)])
def test_a_second_bottom_of_fewer_axes_is_spread(operation, small, axis, rng):
    a, b = rng.normal(size=SHAPE).astype("f"), rng.normal(size=small).astype("f")
    more = f"axis: {axis} " + ("coeff: 2 coeff: -3" if operation == "SUM" else "")
    it = layer(text(operation, more), SHAPE, small, wants=[operation != "DIV"] * 2)
    expected = eltwise([a, spread(b, SHAPE, axis % 3)], operation, [2, -3])
    assert_allclose(run(it, a, b)[1][0].data, expected, rtol=1e-5)


@pytest.mark.parametrize("operation", ["SUM", "PROD", "MAX", "MIN"])
def test_gradient_of_what_is_spread(operation, rng):
    a, b = (rng.permutation(n) - n / 2 + 0.3 for n in (24, 3))
    it = layer(text(operation, "axis: 1"), SHAPE, (3,))
    check_gradient(it, a.reshape(SHAPE) / 5, b)


def test_a_third_bottom_beside_one_that_is_spread(rng):
    a, b, c = rng.normal(size=SHAPE), rng.normal(size=2), rng.normal(size=SHAPE)
    _, (y,) = run(layer(text("PROD"), SHAPE, (2,), SHAPE), a, b, c)
    assert_allclose(y.data, a * b[:, None, None] * c, rtol=1e-5)


def test_spread_by_hand():
    it = layer(text("DIV", "axis: 1"), (1, 2, 2), (2,), wants=[False, False])
    assert_array_equal(run(it, [[[2, 4], [9, 3]]], [2, 3])[1][0].data, [[[1, 2], [3, 1]]])


def test_quotients_are_of_two_and_teach_nothing():
    with pytest.raises(NetError, match="DIV divides the first bottom by the second: found 3"):
        layer(text("DIV"), *[SHAPE] * 3)
    with pytest.raises(NetError, match="DIV has no gradient"):
        layer(text("DIV"), *[SHAPE] * 2)
    with pytest.raises(ShapeError, match=r"bottom 0 has \(2, 3, 4\), bottom 1 has \(4,\)"):
        layer(text("SUM", "axis: 1"), SHAPE, (4,))


@pytest.mark.parametrize("second", ["operation: MIN", "operation: DIV", "axis: 1", "operation: PROD axis: 1"])
def test_programs_agree_with_nets(second, rng):
    small = "dim: 4" if "axis" in second else "dim: 2 dim: 4 dim: 5 dim: 6"
    net = parse.loads(f"""
    layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ dim: 2 dim: 3 dim: 5 dim: 6 }} }} }}
    layer {{ name: "z" type: "Input" top: "z" input_param {{ shape {{ {small} }} }} }}
    layer {{ name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param {{
      num_output: 4 kernel_size: 1 weight_filler {{ type: "xavier" }} }} }}
    layer {{ name: "s" type: "Scale" bottom: "c" top: "s" scale_param {{ bias_term: true filler {{ value: 2 }} }} }}
    layer {{ name: "e" type: "Eltwise" bottom: "s" bottom: "z" top: "e" eltwise_param {{ {second} }} }}
    layer {{ name: "r" type: "ReLU" bottom: "e" top: "r" }}
    layer {{ name: "t" type: "Scale" bottom: "r" top: "t" scale_param {{ filler {{ value: 3 }} }} }}""")
    exact = protonet.Net(net, protonet.TEST)
    shapes = [exact.blobs[name].shape for name in ("x", "z")]
    x, z = (rng.uniform(0.5, 2, shape).astype("f") for shape in shapes)
    expected = exact.forward(x=x, z=z)["t"]
    program = protonet.compile(net, exact.weights())
    assert_allclose(program.run(x=x, z=z)["t"], expected, rtol=1e-4)
