import pytest

from protonet.layers import convolve, spatial
from protonet.runtime.step import Buffer, Emit


def joined(kernel, sizes, stride=1, pad=0, G=1, C=4, K=4, N=2):
    n = len(sizes)
    window = spatial.Window(kernel, (stride,) * n, (pad,) * n, (pad,) * n, (1,) * n)
    return convolve.convolution(window, N, G, C, K, sizes, window.outputs(sizes))


def test_a_point_window_sees_one_long_axis():
    m = joined((1, 1, 1, 1), (2, 3, 4, 5))
    assert (m.sizes, m.out, m.P) == ((1, 1, 120), (1, 1, 120), 120)


def test_axes_that_a_window_tells_apart_stay_apart():
    assert joined((3, 1), (6, 5)).sizes == (1, 6, 5)
    assert joined((1, 1, 3), (2, 6, 5)).sizes == (1, 12, 5)
    assert joined((1, 1), (6, 5), stride=2).out == (1, 3, 3)


def test_the_way_back_of_a_padded_convolution_is_one():
    m = joined((3, 3), (6, 5), pad=1, C=3, K=7)
    back = m.turned
    assert (back.C, back.K, back.sizes, back.out, back.before) == (7, 3, m.out, m.sizes, (0, 1, 1))
    assert back.turned == m


def steps(m):
    x, y, w = Buffer((m.N, m.G * m.C, *m.sizes)), Buffer((m.N, m.G * m.K, *m.out)), Buffer((m.G * m.K, m.C, *m.kernel))
    emit = Emit().of(type("Layer", (), {"name": "it"}))
    convolve.data_gradient(emit, m, w, y, x)
    return [step.kernel.name for step in emit.steps]


@pytest.mark.parametrize(
    ("m", "kernel"),
    [
        (joined((3, 3), (20, 20), pad=1, C=32, K=8), "conv_plain.forward"),
        (joined((3, 3), (20, 20), pad=1, C=8, K=32), "conv_plain.data"),
        (joined((1, 1), (20, 20), C=8, K=32), "conv_plain.forward"),
        (joined((3, 3), (7, 7), pad=1, C=8, K=32), "conv_plain.forward"),
        (joined((5, 5), (12, 12), C=50, K=20), "conv_plain.data"),
        (joined((2, 2), (12, 12), stride=2), "phases.interleave"),
        (joined((3, 3), (20, 20), pad=1, G=4, C=1, K=1), "depthwise_plain.forward"),
        (joined((3, 3), (20, 20), pad=1, stride=2, G=4, C=1, K=1), "depthwise_plain.data"),
    ],
)
def test_the_data_gradient_is_chosen_by_what_it_costs(m, kernel):
    assert steps(m)[-1] == kernel
