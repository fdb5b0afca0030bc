import pytest

from protonet.errors import ShapeError
from protonet.layers import spatial
from protonet.proto import caffe_pb2


def spec(**fields):
    made = caffe_pb2.ConvolutionParameter()
    for name, value in fields.items():
        if isinstance(value, list):
            getattr(made, name).extend(value)
        else:
            setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pad", "dilation", "expected"),
    [(7, 3, 1, 0, 1, 5), (7, 3, 2, 1, 1, 4), (8, 3, 2, 0, 1, 3), (9, 3, 1, 0, 3, 3), (3, 3, 5, 0, 1, 1)],
)
def test_windows_are_counted_rounding_down(size, kernel, stride, pad, dilation, expected):
    window = spatial.window(spec(kernel_size=[kernel], stride=[stride], pad=[pad], dilation=[dilation]), (size,))
    assert window.outputs((size,)) == (expected,)


def test_a_map_of_windows_is_what_they_tile():
    window = spatial.window(spec(kernel_size=[4], stride=[2], pad=[1]), (5, 7))
    assert window.inputs((5, 7)) == (10, 14)
    assert window.outputs((10, 14)) == (5, 7)


def test_one_number_serves_all_axes_and_several_serve_each():
    window = spatial.window(spec(kernel_size=[3], stride=[1, 2, 3]), (9, 9, 9))
    assert (window.kernel, window.stride, window.before) == ((3, 3, 3), (1, 2, 3), (0, 0, 0))


def test_half_a_pair_of_pads_leaves_the_other_at_its_default():
    assert spatial.window(spec(kernel_size=[3], pad_h=2), (9, 9)).before == (2, 0)


@pytest.mark.parametrize(
    ("size", "stride", "expected"),
    [(7, 2, ((1,), (1,))), (8, 2, ((0,), (1,))), (7, 1, ((1,), (1,))), (9, 5, ((0,), (0,)))],
)
def test_same_puts_an_odd_pad_at_the_end(size, stride, expected):
    assert spatial.same(1, (size,), (3,), (stride,)) == expected


def test_no_spatial_axes_make_no_window():
    window = spatial.window(spec(kernel_size=[1]), ())
    assert window.outputs(()) == () == window.kernel


def test_hole_is_dilation_by_axis_too():
    assert spatial.window(spec(kernel_size=[3], hole_h=2, hole_w=3), (9, 9)).dilation == (2, 3)


def test_a_pad_larger_than_the_map_is_refused():
    with pytest.raises(ShapeError, match="pad leaves nothing of a map of -1"):
        spatial.window(spec(kernel_size=[2], pad=[2]), (2,)).inputs((2,))
