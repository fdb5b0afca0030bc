"""Declaring kernels, and binding arguments to them."""

import numpy as np
import pytest

from protonet.kernels import pointwise
from protonet.kernels.jit import KERNELS, address, f32, f64, i32, i64, intrinsic, kernel, word
from protonet.kernels.simd import tile
from tests.kernels.tools import run

N, M = "NM"
TENTH = np.float64(0.1)


@kernel(y="a b", z="c", out="y z")
def everything(a: f32[N, M], b: f32[N, M], y: f32[N, M], c: f64[3], z: f64[3], k: i32[N], s: f32, t: i64, begin, end):
    """All kinds of arguments."""
    for n in range(begin, end):
        for m in range(a.shape[1]):
            y[n, m] = s * a[n, m] + f32(t) * b[n, m] + f32(k[n])
    if begin == 0:
        for i in range(3):
            z[i] = c[i] * TENTH


def arguments(rng):
    a, b, y = rng.normal(size=(3, 4, 5)).astype(np.float32)
    return a, b, y, rng.normal(size=3), np.zeros(3), np.arange(4, dtype=np.int32), 0.1, -3


def test_every_kind_of_argument_arrives(rng):
    a, b, y, c, z, k, s, t = given = arguments(rng)
    run(everything, *given, tasks=4)
    np.testing.assert_allclose(y, np.float32(s) * a + t * b + k[:, None], rtol=1e-5)
    np.testing.assert_allclose(z, 0.1 * c, rtol=1e-15)


@pytest.mark.parametrize("same", [(0, 2), (1, 2), (0, 1, 2), (3, 4), (0, 2, 3, 4)])
def test_each_way_of_sharing_gives_the_same(rng, same):
    apart, together = list(arguments(rng)), list(arguments(rng))
    for group in [g for g in ([i for i in same if i < 3], [i for i in same if i > 2]) if g]:
        for i in group[1:]:
            apart[i], together[i] = apart[group[0]].copy(), together[group[0]]
    together = [a.copy() if isinstance(a, np.ndarray) else a for a in apart]
    for group in [g for g in ([i for i in same if i < 3], [i for i in same if i > 2]) if g]:
        for i in group[1:]:
            together[i] = together[group[0]]
    run(everything, *apart, tasks=4)
    run(everything, *together, tasks=4)
    np.testing.assert_array_equal(apart[2], together[2])
    np.testing.assert_array_equal(apart[4], together[4])


def test_two_outputs_at_one_place_are_refused():
    everything.shared([1, 2, 3, 4, 5, 6])
    with pytest.raises(TypeError, match="a and z lie at one place"):
        everything.shared([1, 2, 3, 4, 1, 6])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({1: np.zeros((4, 6), np.float32)}, r"M is 5, but 6 in b"),
        ({3: np.zeros(4)}, r"3 is 3, but 4 in c"),
        ({5: np.zeros(5, np.int32)}, r"N is 4, but 5 in k"),
        ({0: np.zeros(4, np.float32)}, r"a is \['N', 'M'\], got \(4,\)"),
        ({0: np.zeros((4, 5))}, r"a is float32, got float64"),
    ],
)
def test_arguments_that_do_not_fit_are_named(rng, change, said):
    given = list(arguments(rng))
    for i, value in change.items():
        given[i] = value
    with pytest.raises(TypeError, match=rf"test_jit\.everything: {said}"):
        everything.bind(*given)


def test_a_wrong_number_of_arguments_lists_the_right_ones():
    with pytest.raises(TypeError, match=r"pointwise\.copy takes x, y; got 1 arguments"):
        pointwise.copy.bind(np.zeros(3, np.float32))


def test_floats_go_by_their_bits():
    assert word(1.0, "float32") == 0x3F800000
    assert word(-0.0, "float32") == -(2**31)
    assert word(1e39, "float32") == 0x7F800000  # inf
    assert word(1.0, "float64") == 0x3FF0000000000000
    assert word(np.int64(-5), "int64") == -5


def test_the_last_arguments_are_begin_and_end():
    with pytest.raises(TypeError, match="wrong: the last arguments are begin, end"):

        @kernel(out="y")
        def wrong(y: f32[N], end, begin): ...


@pytest.mark.parametrize("declared", [{"out": "z"}, {"out": "y", "y": "z"}, {"out": "y", "z": "y"}])
def test_what_is_declared_must_be_an_array(declared):
    with pytest.raises(TypeError, match="z is none of its arrays x, y"):

        @kernel(**declared)
        def wrong(x: f32[N], y: f32[N], z: f32, begin, end): ...


def test_two_kernels_of_one_module_do_not_share_a_name():
    def make():
        @kernel(out="y")
        def twice(y: f32[N], begin, end): ...

    make()
    with pytest.raises(TypeError, match=r"two kernels are named .*twice"):
        make()
    del KERNELS["tests.kernels.test_jit.twice"]


def test_out_is_the_last_array_unless_said():
    @kernel
    def unsaid(x: f32[N], y: f32[N], a: f32, begin, end): ...

    assert unsaid.out == ("y",)


def test_addresses_are_those_of_elements():
    a = np.zeros((3, 4), np.float32)
    assert address(a, (1, 2)) == a[1:, 2:].ctypes.data
    assert address(a.ravel(), 5) == a.ravel()[5:].ctypes.data


def test_vector_code_has_no_plain_python_unless_given():
    with pytest.raises(TypeError, match="tile is vector instructions"):
        tile(1, 1)(*[0] * 8)

    @intrinsic
    def one(e) -> i64:
        return e.int(1)

    one.python(lambda: 1)
    assert one() == 1
