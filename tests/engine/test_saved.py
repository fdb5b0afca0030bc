"""Programs in files: what they compute is what they were; what is no program is named; other machines plan anew."""

import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import protonet
from protonet.engine import archive, saved
from protonet.engine.program import Program
from protonet.errors import ShapeError, WeightsError
from protonet.kernels import objects
from tests.engine.test_program import NET, made
from tests.engine.test_segments import ROWS
from tests.engine.tools import conv, dense, layer, relu

SHAPE = (1, 3, 12, 12)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.program"


def written(path, body=NET, *shapes, **options):
    program, *_ = made(body, *(shapes or (SHAPE,)), **options)
    program.save(path)
    return program


def test_it_computes_the_same_bits(path, rng):
    program = written(path)
    x = rng.normal(size=SHAPE).astype(np.float32)
    for threads in 1, 2:
        again = Program.load(path, threads=threads)
        assert (again.inputs, again.outputs, again.threads) == (program.inputs, program.outputs, threads)
        assert_array_equal(again.run(x)["prob"], program.run(x)["prob"])


def test_nothing_is_planned_or_packed_when_it_is_loaded(path, monkeypatch, rng):
    written(path)
    monkeypatch.setattr("protonet.engine.session.planned", None)
    monkeypatch.setattr("protonet.engine.packing.build", None)
    Program.load(path).run(rng.normal(size=SHAPE))


def test_other_shapes_are_planned_from_the_net_inside_with_the_same_packed_weights(path, rng):
    program = written(path)
    again = Program.load(path)
    before = len(program.constants.made)
    for shape in (4, 3, 12, 12), (1, 3, 20, 9), SHAPE:
        x = rng.normal(size=shape).astype(np.float32)
        assert_array_equal(again.run(x)["prob"], program.run(x)["prob"])
    assert len(again.constants.made) == len(program.constants.made)
    assert before > 0


def test_all_plans_are_kept_and_a_second_file_is_as_good(path, rng):
    program, *_ = made(NET, SHAPE)
    x = rng.normal(size=(3, 3, 12, 12)).astype(np.float32)
    expected = program.run(x)["prob"]
    program.save(path)
    first = Program.load(path)
    assert len(first.plans) == 2
    first.save(path.with_suffix(".again"))
    assert_array_equal(Program.load(path.with_suffix(".again")).run(x)["prob"], expected)


def test_several_inputs_kept_blobs_shared_weights_and_work_in_place(path, rng):
    shared = 'param { name: "w" } param { name: "b" }'
    body = (
        conv("a", "x", 8, 3, pad=1).replace("convolution_param", shared + " convolution_param")
        + conv("b", "x1", 8, 3, pad=1).replace("convolution_param", shared + " convolution_param")
        + relu("a")
        + layer("Eltwise", "s", ["a", "b"])
        + relu("s", 0.1)
        + layer("Dropout", "s_drop", "s", tops=["s"])
        + dense("f", "s", 5)
    )
    program = written(path, body, (2, 3, 5, 5), (2, 3, 5, 5), keep=["a", "s"])
    again = Program.load(path)
    given = {name: rng.normal(size=(2, 3, 5, 5)).astype(np.float32) for name in ("x", "x1")}
    bigger = {name: rng.normal(size=(3, 3, 5, 5)).astype(np.float32) for name in ("x", "x1")}
    for inputs in given, bigger:
        expected, found = program.run(inputs), again.run(inputs)
        assert list(found) == list(expected) == ["f", "a", "s"]
        for name in expected:
            assert_array_equal(found[name], expected[name])


def test_layers_that_run_in_python_are_built_from_the_net_inside(path, rng):
    body = dense("a", "x", 8) + relu("a") + ROWS + dense("y", "b", 5)
    program, *_ = made(body, (6, 4), (6, 1))
    inputs = {"x": rng.normal(size=(6, 4)).astype(np.float32), "x1": np.float32([[1], [0], [0], [1], [1], [0]])}
    expected = program.run(inputs)
    program.save(path)
    again = Program.load(path)
    assert [len(part.plans) for part in again.parts] == [1, 0, 2]  # for all rows, and for those that were kept
    assert_array_equal(again.run(inputs)["y"], expected["y"])
    inputs["x1"][1] = 1
    assert_array_equal(again.run(inputs)["y"], program.run(inputs)["y"])


def test_it_is_planned_again_for_another_width_other_caches_or_other_kernels(path, rng, monkeypatch):
    program = written(path)
    x = rng.normal(size=SHAPE).astype(np.float32)
    expected = program.run(x)["prob"]
    for name in "width", "registers", "l2":
        other = saved.machine() | {name: 1}
        with monkeypatch.context() as patch:
            patch.setattr(saved, "machine", lambda other=other: other)
            again = Program.load(path)
        assert again.plans[0].planner is not None
        assert_array_equal(again.run(x)["prob"], expected)
    with monkeypatch.context() as patch:
        patch.setattr(objects, "stamp", lambda module: "another")
        again = Program.load(path)
    assert again.plans[0].planner is not None
    assert_array_equal(again.run(x)["prob"], expected)


def test_a_file_made_for_another_width_runs(path, rng, tmp_path):
    program = written(path)
    x = rng.normal(size=SHAPE).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    code = (
        "import numpy\nfrom protonet.engine.program import Program\nfrom protonet.kernels.simd import W\n"
        f"y = Program.load({str(path)!r}).run(numpy.load({str(tmp_path / 'x.npy')!r}))['prob']\n"
        f"numpy.save({str(tmp_path / 'y.npy')!r}, y)\nprint(W)"
    )
    environment = os.environ | {"PROTONET_WIDTH": "4"}
    assert subprocess.check_output([sys.executable, "-c", code], env=environment, text=True).strip() == "4"
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), program.run(x)["prob"], rtol=1e-4, atol=1e-6)


def test_what_is_no_program_is_named(path, tmp_path):
    for content, what in (
        (b"", "an empty file"),
        (b"layer { name: 'x' }", "a prototxt"),
        (b"\x89PNG\r\n\x1a\n....", "a PNG image"),
        (b"\x0a\x03abc\x12\x01\x05", "something else"),
    ):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=what):
            Program.load(path)
    with pytest.raises(WeightsError, match="a folder"):
        Program.load(tmp_path)
    with pytest.raises(WeightsError, match="No such file"):
        Program.load(tmp_path / "none")


def test_a_program_that_is_cut_off_or_damaged_is_refused(path):
    written(path)
    whole = path.read_bytes()
    for cut, what in (
        (30, "cut off"),
        (200, "200 are there"),
        (len(whole) - 1, "are there"),
        (len(whole) + 9, "are th"),
    ):
        path.write_bytes(whole[:cut].ljust(cut, b"\0"))
        with pytest.raises(WeightsError, match=what):
            Program.load(path)
    path.write_bytes(whole[:500] + bytes([whole[500] ^ 1]) + whole[501:])
    with pytest.raises(WeightsError, match="damaged"):
        Program.load(path)
    version = len(archive.MAGIC)
    path.write_bytes(whole[:version] + struct.pack("<H", 9) + whole[version + 2 :])
    with pytest.raises(WeightsError, match="version 9"):
        Program.load(path)


def test_sizes_are_checked_before_memory_is_taken(path, monkeypatch):
    written(path)
    monkeypatch.setenv("PROTONET_MAX_MEMORY", "1K")
    with pytest.raises(ShapeError, match="loading this program needs"):
        Program.load(path)


def forged(path, change):
    """The program with other content, whose checksum is right."""
    content, arrays = archive.read(path)
    out = archive.Out()
    out.place(np.concatenate([arrays.hot, arrays.rest]))
    out.hot = len(arrays.hot)
    change(content)
    archive.write(path, content, out)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["parts"][0][0][1]["sizes"].update(arena=0),
        lambda c: c["parts"][0][0][1]["steps"][0][1][0].__setitem__(1, [1 << 40]),
        lambda c: c["parts"][0][0][1]["steps"][0][2].pop(),
        lambda c: c["parts"][0][0][1]["steps"][0][0].__setitem__(1, "conv_blocked.none"),
        lambda c: c["graph"].__setitem__("net", [0, 1 << 50]) or c["kernels"].clear() or c["machine"].clear(),
        lambda c: c.pop("fed"),
        lambda c: c.clear(),
    ],
)
def test_content_that_contradicts_itself_is_refused(path, change):
    written(path)
    forged(path, change)
    with pytest.raises((WeightsError, ShapeError)):
        Program.load(path)


def test_it_names_no_module_but_those_of_kernels(path):
    written(path)
    forged(path, lambda c: c["kernels"].update({"antigravity": "x"}))
    Program.load(path)  # planned again
    assert "antigravity" not in sys.modules


def test_a_failed_write_leaves_the_file_as_it_was(path, monkeypatch):
    program = written(path)
    before = path.read_bytes()
    monkeypatch.setattr(archive.np, "uint8", None)
    with pytest.raises(Exception):  # noqa: B017, PT011  (whatever goes wrong)
        program.save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_loading_imports_no_numba(path):
    written(path)
    code = "import sys; from protonet.engine.program import Program; import numpy as np\n"
    code += f"Program.load({str(path)!r}).run(np.zeros({SHAPE}, np.float32)); print('numba' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_a_program_is_named_where_weights_are_wanted(path):
    written(path)
    with pytest.raises(WeightsError, match="compiled program"):
        protonet.compile(made(NET, SHAPE)[1], str(path))
