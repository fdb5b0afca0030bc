"""compile and Program.run: inputs, outputs, shapes, threads, refusals."""

import threading

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import protonet
from protonet.engine.program import compile
from protonet.errors import DataError, DeployError, ProtonetError, ShapeError
from protonet.prototxt import parse
from tests.engine.tools import agree, conv, dense, exact, layer, numbers, pool, relu, text

NET = (
    conv("a", "x", 32, 3, pad=1)
    + relu("a")
    + pool("p", "a", "MAX", kernel_size=2, stride=2)
    + conv("b", "p", 48, 3, pad=1)
    + relu("b")
    + pool("q", "b", "AVE", global_pooling="true")
    + dense("f", "q", 10)
    + layer("Softmax", "prob", "f")
)


def made(body, *shapes, **options):
    document = parse.loads(text(body, *shapes), "NetParameter")
    weights = numbers(document, np.random.default_rng(3))
    return compile(document, weights, **options), document, weights


def test_one_array_stands_for_the_only_input(rng):
    program, *_ = made(NET, (1, 3, 12, 12))
    x = rng.normal(size=(1, 3, 12, 12)).astype(np.float32)
    assert program.inputs == {"x": (1, 3, 12, 12)}
    assert program.outputs == {"prob": (1, 10)}
    (result,) = program.run(x).values()
    assert result.dtype == np.float32
    assert_array_equal(result, program.run({"x": x})["prob"])
    assert_array_equal(result, program(x=x)["prob"])
    assert_array_equal(result, program.run(x.astype(np.float64)[:, :, ::1])["prob"])


def test_results_are_copies(rng):
    program, *_ = made(NET, (1, 3, 12, 12))
    first = program.run(rng.normal(size=(1, 3, 12, 12)))["prob"]
    kept = first.copy()
    program.run(rng.normal(size=(1, 3, 12, 12)))
    assert_array_equal(first, kept)


def test_other_batches_and_sizes_are_planned_when_they_come_and_share_the_weights(rng):
    program, document, weights = made(NET, (1, 3, 12, 12), threads=2)
    made_before = set(program.constants.made)
    for shape in ((4, 3, 12, 12), (1, 3, 20, 9), (2, 3, 8, 8), (1, 3, 12, 12)):
        x = rng.normal(size=shape).astype(np.float32)
        np.testing.assert_allclose(
            program.run(x)["prob"], exact(document, weights, {"x": x})["prob"], rtol=1e-4, atol=1e-6
        )
    assert len(program.plans) == 4
    packed = [key for key in set(program.constants.made) - made_before if key[0] == "matrix"]
    assert not packed


def test_shapes_that_the_weights_do_not_fit_are_refused():
    program, *_ = made(dense("y", "x", 5), (1, 12))
    with pytest.raises(ShapeError, match=r"its weights are \(5, 12\)"):
        program.run(np.zeros((1, 13)))


def test_the_shape_to_begin_with_may_be_given(rng):
    program, *_ = made(NET, (1, 3, 12, 12), inputs={"x": (3, 3, 16, 16)})
    assert program.outputs == {"prob": (3, 10)}
    with pytest.raises(DataError, match="no input 'y'"):
        made(NET, (1, 3, 12, 12), inputs={"y": (3, 3, 16, 16)})


def test_wrong_and_missing_inputs_are_refused():
    program, *_ = made(layer("Eltwise", "y", ["x", "x1"]), (2, 3), (2, 3))
    with pytest.raises(DataError, match="no array for input 'x1'"):
        program.run({"x": np.zeros((2, 3))})
    with pytest.raises(DataError, match="no input 'z'"):
        program.run({"z": np.zeros((2, 3))})
    with pytest.raises(DataError, match="give an array for each"):
        program.run(np.zeros((2, 3)))


def test_a_net_with_data_layers_is_refused():
    body = 'layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 2 dim: 3 } } }'
    with pytest.raises(DeployError, match="brings its own data"):
        compile(parse.loads(body, "NetParameter"), {})


def test_kept_blobs_are_outputs(rng):
    program, document, weights = made(NET, (1, 3, 12, 12), keep=["a", "q"])
    x = rng.normal(size=(1, 3, 12, 12)).astype(np.float32)
    found, wanted = program.run(x), exact(document, weights, {"x": x})
    assert set(found) == {"prob", "a", "q"}
    for name, array in found.items():
        np.testing.assert_allclose(array, wanted[name], rtol=1e-4, atol=1e-5)
    with pytest.raises(DeployError, match="no blob 'zz'"):
        made(NET, (1, 3, 12, 12), keep=["zz"])


def test_an_input_may_be_an_output_and_a_value_two(rng):
    agree(layer("Split", "s", "x", tops=["a", "b"]) + relu("a"), (2, 3, 4, 4))
    agree(conv("a", "x", 32) + layer("Split", "s", "a", tops=["b", "c"]) + layer("Dropout", "d", "a"), (2, 3, 4, 4))


def test_several_python_threads_may_run_it_at_once(rng):
    program, *_ = made(NET, (1, 3, 12, 12), threads=2)
    inputs = [rng.normal(size=(1 + i % 2, 3, 12, 12)).astype(np.float32) for i in range(8)]
    wanted, found = [program.run(x)["prob"] for x in inputs], {}

    def work(i):
        for _ in range(20):
            found[i] = program.run(inputs[i])["prob"]

    jobs = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    for i in range(8):
        assert_array_equal(found[i], wanted[i])


def test_it_is_what_protonet_compile_gives():
    assert protonet.compile is compile


def test_places_of_errors_are_told():
    with pytest.raises(ProtonetError, match="layer 'y'"):
        made(conv("y", "x", 8, 9), (1, 3, 4, 4))


def test_inputs_may_lie_anywhere_and_need_not_outlive_the_run(rng):
    program, document, weights = made(NET, (1, 3, 12, 12))
    for start in range(4):
        room = rng.normal(size=3 * 12 * 12 + 4).astype(np.float32)
        x = room[start : start + 3 * 12 * 12].reshape(1, 3, 12, 12)
        wanted = exact(document, weights, {"x": x})["prob"]
        np.testing.assert_allclose(program.run(x)["prob"], wanted, rtol=1e-4, atol=1e-6)
        room[:] = np.nan
        del room, x


def test_inputs_may_be_read_only_of_another_type_or_order_and_empty(rng):
    program, *_ = made(NET, (2, 3, 12, 12))
    x = rng.normal(size=(2, 3, 12, 12)).astype(np.float32)
    expected = program.run(x)["prob"]
    locked = x.copy()
    locked.flags.writeable = False
    for each in locked, x.astype(np.float64), np.asfortranarray(x), x[::-1][::-1], x.tolist(), memoryview(x):
        assert_array_equal(program.run(each)["prob"], expected)
    assert program.run(x[:0])["prob"].shape == (0, *expected.shape[1:])


def test_an_input_that_is_worked_on_in_place_keeps_its_name(rng):
    program, _ = agree(relu("x") + conv("y", "x", 8), (1, 3, 4, 4), rng=rng)
    assert list(program.inputs) == ["x"]
    program, *_ = made(layer("Dropout", "d", "x") + conv("y", "d", 8), (1, 3, 4, 4))
    assert list(program.inputs) == ["x"]
    assert program.run(x=np.ones((1, 3, 4, 4)))["y"].shape == (1, 8, 4, 4)
