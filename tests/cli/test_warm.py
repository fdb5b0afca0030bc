"""protonet warm: what there is, what a net needs, and that nothing is left to compile afterwards."""

import re

from protonet.kernels import objects
from protonet.kernels.catalog import kernels


def test_all_kernels_are_listed_apart_and_in_place(command):
    done = command("warm", "--list")
    assert done.code == 0
    *names, last = done.out.splitlines()
    assert len(names) == len(set(names)) == len(kernels())
    for name in "activation.relu", "activation.relu.y_is_x", "update.adam", "gemm.gemm", "walk.run", "softmax.log_loss":
        assert name in names, name
    assert last == f"{len(names)} kernels, kept in {objects.folder()}"


def test_what_a_solver_and_a_net_need_is_there_afterwards(command, project):
    done = command("warm", project / "solver.prototxt", project / "deploy.prototxt")
    assert done.code == 0
    assert re.match(rf"{re.escape(str(project))}/solver.prototxt: \d+ kernels compiled", done.out)
    again = command("warm", project / "solver.prototxt", project / "deploy.prototxt")
    assert [line.partition(": ")[2] for line in again.out.splitlines()[:2]] == ["0 kernels compiled"] * 2


def test_a_file_that_is_none_is_one_line(command, here):
    assert "gone.prototxt: cannot be read" in command("warm", "gone.prototxt").err
    (here / "net.prototxt").write_text('layer { name: "a" type: "Relu" bottom: "x" top: "y" }')
    done = command("warm", "net.prototxt")
    assert done.code == 1
    assert "net.prototxt:1:1: layer 'a': bottom 'x' is made by no layer before it" in done.err


def test_without_a_file_everything_is_made(command, monkeypatch):
    """Of a few kernels, to be quick."""
    few = [(kernel, shared) for kernel, shared in kernels() if kernel.name in ("activation.relu", "pointwise.copy")]
    monkeypatch.setattr("protonet.kernels.catalog.kernels", lambda: few)
    monkeypatch.setattr("protonet.engine.warm.CONVOLUTIONS", [])
    done = command("warm")
    assert done.code == 0
    assert re.match(rf"\d+ of {len(few)} kernels compiled in \S+ s, kept in ", done.out)
    assert all(kernel.symbol(shared) in objects.LOADED for kernel, shared in few)


def test_old_code_is_removed(command, tmp_path, monkeypatch):
    monkeypatch.setenv("PROTONET_CACHE", str(tmp_path / "cache"))
    objects.folder.cache_clear()
    try:
        (objects.folder() / f"pointwise.fill.{'0' * 16}.o").write_bytes(b"old")
        done = command("warm", "--clean")
        assert done.code == 0
        assert done.out.startswith("1 files removed, 0.0 MB, from")
        assert not list(objects.folder().iterdir())
    finally:
        objects.folder.cache_clear()
