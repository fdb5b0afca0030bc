"""Plans: what shares memory and what does not, and that a table may be moved."""

import ctypes
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.kernels import pointwise, walk
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer
from protonet.runtime.team import native
from tests.runtime.tools import buffer, chain, emitter, filled, program, total

BIG = 1000
BYTES = 4032  # 1000 floats, up to a multiple of 64


def arena(n=BIG):
    return Buffer((n,), "arena")


def line(n):
    """n kernels that may not work in place, one after the other; the buffers between them."""
    emit = emitter()
    values = [buffer(BIG), *(arena() for _ in range(n))]
    for x, y in pairwise(values):
        emit(pointwise.copy, x, y)
    return emit, values[1:]


def test_exact_gives_every_buffer_its_own_memory():
    emit, values = line(5)
    found = plan.exact(emit.steps)
    assert not found.place
    assert len({v.own().ctypes.data for v in values}) == 5
    assert all(v.own().ctypes.data % 64 == 0 for v in values)


def test_memory_survives_planning_again():
    emit, values = line(2)
    first = program(emit)
    first.array(values[0])[:] = 7
    second = program(emit)
    assert first.array(values[0]) is not second.array(values[0])
    assert_array_equal(second.array(values[0]), np.full(BIG, 7))


def test_scratch_is_shared_by_layers_even_when_exact():
    emit, x, y = emitter(), buffer(BIG), buffer(BIG)
    for _ in range(4):
        s = emit.scratch(BIG)
        emit(pointwise.copy, x, s)
        emit(pointwise.accumulate, s, y)
    assert plan.exact(emit.steps).sizes["arena"] == BYTES


def test_packed_reuses_memory_when_lives_do_not_meet():
    emit, values = line(6)
    found = plan.packed(emit.steps)
    assert found.sizes["arena"] == 2 * BYTES
    assert found.place[values[0]] == found.place[values[2]] != found.place[values[1]]


def test_packed_works_in_place_where_a_kernel_may():
    emit, x = emitter(), arena()
    emit(pointwise.fill, x, 1.0)
    for _ in range(4):
        y = arena()
        emit(pointwise.scale, x, y, 2.0)
        x = y
    out = buffer(BIG)
    emit(pointwise.copy, x, out)
    found = plan.packed(emit.steps)
    assert found.sizes["arena"] == BYTES
    it = Program(emit.steps, found)
    it.run()
    assert_array_equal(it.array(out), np.full(BIG, 16))


def test_a_value_that_is_read_again_is_not_overwritten():
    emit, x, y, z, out = emitter(), arena(), arena(), arena(), buffer(BIG)
    emit(pointwise.fill, x, 1.0)
    emit(pointwise.scale, x, y, 2.0)
    emit(pointwise.add, x, y, z)
    emit(pointwise.copy, z, out)
    found = plan.packed(emit.steps)
    assert found.place[x] != found.place[y]
    assert found.place[z] in (found.place[x], found.place[y])
    it = Program(emit.steps, found)
    it.run()
    assert_array_equal(it.array(out), np.full(BIG, 3))


def test_a_term_given_twice_is_not_taken_for_the_sum():
    emit, x, y = emitter(), arena(), arena()
    emit(pointwise.fill, x, 1.0)
    emit(pointwise.add, x, x, y)
    found = plan.packed(emit.steps)
    assert found.place[x] != found.place[y]


def test_what_is_read_before_it_is_written_lives_always():
    emit, state, x, other = emitter(), arena(), buffer(BIG), arena()
    emit(pointwise.axpy, state, x, 1.0)  # reads the last run's state
    emit(pointwise.copy, x, other)
    emit(pointwise.copy, other, x)
    emit(pointwise.copy, x, state)
    emit(pointwise.copy, x, arena())
    found = plan.packed(emit.steps)
    assert len({found.place[state], found.place[other]}) == 2
    it = Program(emit.steps, found)
    it.array(x)[:] = 1
    it.run(), it.run()
    assert_array_equal(it.array(x), np.full(BIG, 2))


def test_params_and_io_lie_apart_from_the_arena():
    emit, w, x, y = emitter(), Buffer((BIG,), "param"), Buffer((BIG,), "io"), arena()
    emit(pointwise.add, w, x, y)
    emit(pointwise.accumulate, y, x)
    found = plan.packed(emit.steps)
    assert (found.sizes["param"], found.sizes["io"], found.sizes["arena"]) == (BYTES, BYTES, BYTES)
    assert found.place[w] == ("param", 0)


def test_a_parameter_with_memory_stays_where_it_is():
    emit, w, y = emitter(), Buffer((BIG,), "param"), Buffer((BIG,), "io")
    w.own()[:] = 3
    emit(pointwise.copy, w, y)
    it = program(emit, plan.packed)
    assert it.plan.sizes["param"] == 0
    it.run()
    assert_array_equal(it.array(y), np.full(BIG, 3))


@pytest.mark.parametrize("seed", range(5))
def test_random_packed_programs_compute_what_exact_ones_do(seed):
    rng = np.random.default_rng(seed)
    results = []
    for how in plan.exact, plan.packed:
        rng = np.random.default_rng(seed)
        emit, out = emitter(), buffer(1)
        values = [arena(int(rng.integers(1, 5)) * 500)]
        emit(pointwise.fill, values[0], 1.0)
        for i in range(60):
            x = values[rng.integers(max(0, len(values) - 6), len(values))]
            y = arena(x.count)
            if rng.random() < 0.2:
                y = arena(int(rng.integers(1, 5)) * 500)
                emit(pointwise.fill, y, float(i))
            elif rng.random() < 0.3:
                emit(pointwise.add, x, x, y)
            else:
                emit(pointwise.scale, x, y, 0.9)
            values.append(y)
            s = emit.scratch(1)
            emit(total, x, s)
            emit(pointwise.axpy, s, out, 1e-3)
        it = program(emit, how)
        it.run()
        results.append(it.array(out).copy())
    assert_array_equal(*results)


def test_a_relative_table_runs_wherever_its_memory_is():
    emit, first, last = chain([50, 60])
    for buffer_ in (first, last):
        buffer_.kind = "io"
    found = plan.packed(emit.steps)
    words, kinds = plan.table(emit.steps, found)
    expected = Program(emit.steps, found)
    expected.array(first)[:] = filled(50)
    expected.run()
    for _ in range(2):
        memory = {kind: np.zeros(size + 64, np.uint8) for kind, size in found.sizes.items()}
        table = plan.relocate(words, kinds, {kind: m.ctypes.data for kind, m in memory.items()})
        place = found.place[first][1]
        memory["io"][place : place + 200] = filled(50).view(np.uint8)
        native(walk.run)(table.ctypes.data, 0, len(emit.steps), 0)
        place = found.place[last][1]
        assert_array_equal(memory["io"][place : place + 240].view(np.float32), expected.array(last))


def test_a_span_counts_the_small_steps_that_are_left_of_it():
    emit, x, y = emitter(), buffer(10), buffer(1 << 16)
    for step in ("small", "small", "big", "small", "host", "small"):
        if step == "host":
            emit.host(lambda: None)
        else:
            z = x if step == "small" else y
            emit(pointwise.scale, z, z, 1.0, tasks=pointwise.tasks(z.shape))
    words, _ = plan.table(emit.steps, plan.exact(emit.steps))
    plan.spans(words, emit.steps, 1000)
    assert list(words[2 : plan.ROW * 6 : plan.ROW]) == [2, 1, 0, 1, 0, 1]


def test_records_may_be_long():
    many = [buffer(1) for _ in range(5)]
    emit = emitter()
    for x in many:
        emit(pointwise.scale, x, x, 2.0)
    words, kinds = plan.table(emit.steps, plan.exact(emit.steps))
    assert len(words) == len(kinds) == 5 * (plan.ROW + 4)  # x, y, M, factor
    at = words[3] // 8
    assert words[at] == many[0].own().ctypes.data
    assert ctypes.c_float.from_buffer_copy(words[at + 3].tobytes()).value == 2.0


def test_empty_buffers_lie_apart():
    emit = emitter()
    empty = [Buffer((0,), kind) for kind in ("scratch", "scratch", "arena", "arena")]
    for x, y in pairwise(empty):
        emit(pointwise.copy, x, y)
    for planned in plan.exact, plan.packed:
        found = planned(emit.steps).place
        assert len({found.get(each, each) for each in empty}) == 4
