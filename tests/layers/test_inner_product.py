import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.runtime import execute
from tests.naive.inner_product import inner_product
from tests.tools import check_gradient, layer, run

FILLED = 'weight_filler { type: "gaussian" } bias_filler { type: "gaussian" }'
SHAPES = [(3, 5), (1, 7), (2, 3, 4, 5), (37, 300), (13, 1, 1, 1)]


def made(text, *shapes, **options):
    return layer(f'type: "InnerProduct" inner_product_param {{ {text} {FILLED} }}', *shapes, **options)


def close(found, expected):
    assert found.shape == expected.shape
    assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("outputs", [1, 6, 47, 130])
@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_with_products_row_by_row(shape, outputs, transpose, rng):
    it, x = made(f"num_output: {outputs} transpose: {transpose}".lower(), shape), rng.normal(size=shape)
    it.tops[0].data[...] = np.nan
    _, (y,) = run(it, x)
    w, b = (blob.data for blob in it.blobs)
    close(y.data, inner_product(x, w, b, transpose=transpose))
    dy = rng.normal(size=y.data.shape)
    (dx,) = it.backward(dy)
    rows, dense = x.reshape(len(x), -1), w.T if transpose else w
    close(dx, (dy @ dense).reshape(shape))
    close(it.blobs[0].diff, rows.T @ dy if transpose else dy.T @ rows)
    close(it.blobs[1].diff, dy.sum(0))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -4])
def test_axes_before_the_axis_are_kept(axis, rng):
    x = rng.normal(size=(2, 3, 4, 5))
    it = made(f"num_output: 6 axis: {axis}", x.shape)
    _, (y,) = run(it, x)
    close(y.data, inner_product(x, *(blob.data for blob in it.blobs), axis=axis % 4))


def test_weights_are_outputs_by_inputs_and_transposed_inputs_by_outputs():
    assert made("num_output: 6", (2, 3, 4)).blobs[0].data.shape == (6, 12)
    assert made("num_output: 6 transpose: true", (2, 3, 4)).blobs[0].data.shape == (12, 6)


def test_without_bias_there_is_none(rng):
    it, x = made("num_output: 4 bias_term: false", (3, 5)), rng.normal(size=(3, 5))
    assert len(it.blobs) == 1
    close(run(it, x)[1][0].data, inner_product(x, it.blobs[0].data))


@pytest.mark.parametrize("transpose", ["false", "true"])
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 2, 2)])
def test_gradient(shape, transpose, rng):
    check_gradient(made(f"num_output: 5 transpose: {transpose}", shape), rng.normal(size=shape))


def test_nan_stays_in_its_row(rng):
    x = rng.normal(size=(17, 9))
    x[5, 3] = np.nan
    _, (y,) = run(made("num_output: 40", x.shape), x)
    assert_array_equal(np.isnan(y.data).all(1), np.arange(17) == 5)
    assert_array_equal(np.isnan(y.data).any(1), np.arange(17) == 5)


def test_any_number_of_threads_gives_the_same_bits(rng, monkeypatch):
    monkeypatch.setattr(execute, "WORTH", 0)
    monkeypatch.setattr(execute, "SMALL", 0)
    x, found = rng.normal(size=(230, 300)), []
    for threads in (1, 3):
        it = made("num_output: 210", x.shape, threads=threads)
        y = it.forward(x)[0].copy()
        (dx,) = it.backward(np.sin(y))
        found.append([y, dx.copy(), *(blob.diff.copy() for blob in it.blobs)])
    for one, three in zip(*found, strict=True):
        assert_array_equal(one, three)


def test_fixed_weights_have_no_gradient():
    assert [blob.diff for blob in made("num_output: 4 weight_fixed: true", (1, 5)).blobs] == [None] * 2


def test_no_outputs_are_refused():
    with pytest.raises(ShapeError, match="num_output must be at least 1, found none or 0"):
        made("", (2, 3))


def test_an_axis_out_of_range_is_refused():
    with pytest.raises(ShapeError, match="axis 2 is out of range for a 2-axis blob"):
        made("num_output: 3 axis: 2", (2, 3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("output_scale: 0.5", "output_scale is for quantised nets"),
        ("dis_mode: true", "dis_mode is not supported"),
    ],
)
def test_what_is_not_known_here_is_refused(text, message):
    with pytest.raises(NetError, match=message):
        made(f"num_output: 3 {text}", (2, 3))


def test_multiply_adds_are_counted():
    assert made("num_output: 6", (2, 4, 5)).layer.macs([(2, 4, 5)], [(2, 6)]) == 240
