"""Emitting: what a layer may pass, what it may ask for, and what is kept from forward to backward."""

import pytest
from numpy.testing import assert_array_equal

from protonet.kernels import philox, pointwise
from protonet.runtime.step import Blob, Buffer, Emit, fit
from tests.runtime.tools import Layer, blob, buffer, emitter, program, total


@pytest.mark.parametrize(
    ("shape", "axes", "seen"),
    [
        ((2, 3, 4, 5), 3, (2, 3, 20)),
        ((2, 3), 3, (2, 3, 1)),
        ((), 1, (1,)),
        ((2, 3), 1, (6,)),
        ((), 2, (1, 1)),
        ((7,), 1, (7,)),
    ],
)
def test_shapes_are_fitted_to_what_a_kernel_declares(shape, axes, seen):
    assert fit(shape, axes) == seen


def test_a_blob_stands_for_its_data():
    emit, x, y = emitter(), blob(2, 3), blob(6)
    emit(pointwise.copy, x, y)
    it = program(emit)
    it.array(x.data)[...] = 4
    it.run()
    assert_array_equal(it.array(y.data), [4] * 6)


def test_a_mistake_names_the_kernel():
    emit = emitter()
    with pytest.raises(TypeError, match=r"pointwise\.copy: M is 3, but 4 in y"):
        emit(pointwise.copy, buffer(3), buffer(4))
    with pytest.raises(TypeError, match=r"pointwise\.copy: x is float32, got int64"):
        emit(pointwise.copy, buffer(3, dtype="int64"), buffer(3))


def test_kept_buffers_are_those_of_their_layer_and_name():
    emit = emitter()
    mine = emit.keep("where", 3, dtype="int32")
    assert emit.keep("where", 3) is mine is emit.saved("where")
    assert mine.dtype == "int32"
    assert emit.of(Layer("other")).keep("where", 3) is not mine


def test_scratch_is_new_each_time():
    emit = emitter()
    assert emit.scratch(3) is not emit.scratch(3)
    assert emit.scratch(2, dtype="float64").nbytes == 16


def test_wants_asks_for_a_gradient():
    assert Emit().wants(blob(1))
    assert not Emit().wants(Blob(buffer(1)))


@pytest.mark.parametrize(
    ("in_place", "by_me", "after_work", "copied"),
    [
        (False, False, False, False),  # nobody works in place: the blob itself
        (True, True, False, True),  # this layer will
        (True, True, True, False),  # this layer has, and nobody after it does
        (True, False, True, True),  # a later layer will
    ],
)
def test_save_copies_what_will_be_overwritten(in_place, by_me, after_work, copied):
    def overwritten(blob, layer, after):
        return in_place and not (by_me and after)

    emit, x = emitter(overwritten=overwritten), blob(5)
    emit(total, x, emit.scratch(1))  # reading is not working on it
    if after_work:
        emit(pointwise.scale, x, x, 2.0)
    emit.save("x", x)
    assert (emit.saved("x") is not x.data) == copied
    assert (emit.steps[-1].kernel is pointwise.copy) == copied


def test_streams_follow_the_layers_name_unless_given():
    emit = emitter("drop1")
    first = emit.stream
    assert emit.of(Layer("drop2")).stream != first
    assert emit.of(Layer("drop1")).stream == first
    assert emit.of(Layer("drop1"), [], 9).stream == 9


def test_draws_follow_seed_and_iteration():
    random = buffer(2, dtype="int64")
    emit, y = emitter(random=random), buffer(8)
    emit(philox.fill_uniform, y, 0.0, 1.0, emit.random, emit.stream)
    it, seen = program(emit), []
    for words in (1, 0), (1, 1), (1, 0):
        it.array(random)[:] = words
        it.run()
        seen.append(it.array(y).copy())
    assert_array_equal(seen[0], seen[2])
    assert (seen[0] != seen[1]).all()


def test_host_steps_say_what_they_write():
    emit, x, y = emitter(), buffer(1), blob(1)
    emit.host(print, x, y, out=[y])
    emit.host(print, x, y)
    assert [step.out for step in emit.steps] == [[False, True], [True, True]]
    assert emit.steps[0].host


def test_a_buffer_knows_its_size():
    assert Buffer((2, 3)).nbytes == 24
    assert Buffer((2, 3), dtype="uint8").nbytes == 6
    assert Buffer((), dtype="float64").nbytes == 8
    assert Buffer((0, 4)).own().size == 0
