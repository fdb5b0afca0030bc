"""What README and the other files promise about this code, kept by a test and not by memory."""

import ast
import importlib
import os
import pkgutil
import re
from pathlib import Path

import pytest

import protonet
from protonet.cli import VERBS
from protonet.layers import REGISTRY
from protonet.passes.base import Pass
from protonet.proto import caffe_pb2

ROOT = Path(__file__).resolve().parent.parent
MOST = 400  # lines
PLUMBING = {"__init__", "__main__", "base"}
# of several types, of a type with a longer name, or of two types that one name would fit; who tests a part
TOGETHER = {"fork_data", "softmax_loss", "ctc_loss_warp", "arithmetic", "reductions"}
ELSEWHERE = {
    "layers/depthwise_convolution": "layers/test_convolution_depthwise",
    "layers/recurrent": "layers/test_lstm",
    "layers/fed": "layers/test_data",
}
NO_TWIN = {"python", "memory_data", "hdf5_output", "hdf5_data", "image_data", "window_data", "fork_data"}
NO_TWIN |= {"depthwise_convolution", "softmax_with_loss_ohem"}  # other layers under another name, or with more around


def sources(*folders):
    every = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in every if path.stat().st_size]


def modules(*packages):
    paths = [path for package in packages for path in sorted((ROOT / "protonet" / package).rglob("*.py"))]
    return [pytest.param(p, id=str(p.relative_to(ROOT / "protonet"))) for p in paths if p.stem not in PLUMBING]


def classes(path):
    """The layer types that a module registers."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return [(kind, cls) for kind, cls in REGISTRY.items() if cls.__module__ == name]


def flat(name):
    return name.replace("_", "").lower()


@pytest.mark.parametrize("path", sources("protonet", "examples"))
def test_every_module_opens_with_a_docstring(path):
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("path", sources("protonet", "tests", "examples"))
def test_no_file_is_too_long_to_read(path):
    assert path.read_text("utf-8").count("\n") <= MOST


@pytest.mark.parametrize("path", modules("layers", "passes", "cli", "net", "solvers", "caffe"))
def test_every_module_has_its_test(path):
    inside = path.relative_to(ROOT / "protonet")
    name = ELSEWHERE.get(inside.with_suffix("").as_posix()) or inside.with_name(f"test_{path.stem}").as_posix()
    if "layers/ssd" in name and not (ROOT / "tests" / f"{name}.py").exists():
        name = "layers/test_multibox_loss"  # its parts
    assert (ROOT / "tests" / f"{name}.py").exists()


@pytest.mark.parametrize("path", [p for p in modules("layers") if classes(p.values[0])])
def test_layer_names_agree(path):
    """batch_norm.py <-> class BatchNorm <-> type: "BatchNorm" <-> tests/naive/batch_norm.py."""
    for kind, cls in classes(path):
        assert cls.__name__ == cls.type == kind
        if path.stem not in TOGETHER:
            assert flat(path.stem) == flat(kind)
    test = ROOT / "tests/layers" / f"test_{path.stem}.py"
    twin = (ROOT / "tests/naive" / path.name).exists() or (test.exists() and "tests.naive" in test.read_text("utf-8"))
    assert twin or path.stem in NO_TWIN


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_a_layers_parameters_are_in_the_schema(kind):
    field = REGISTRY[kind].spec_field
    known = caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name
    assert field is None or known[field].message_type is not None


def passes():
    for each in pkgutil.iter_modules([str(ROOT / "protonet/passes")]):
        module = importlib.import_module(f"protonet.passes.{each.name}")
        mine = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Pass) and v is not Pass]
        if any(cls.__module__ == module.__name__ for cls in mine):
            yield pytest.param(module, id=each.name)


@pytest.mark.parametrize("module", [p for p in passes() if p.id != "base"])
def test_every_pass_shows_before_and_after(module):
    text = " ".join([module.__doc__, *(v.__doc__ or "" for v in vars(module).values() if isinstance(v, type))])
    assert "before" in text
    assert "after" in text


def test_every_verb_is_a_module_and_every_module_a_verb_or_what_verbs_use():
    found = {path.stem for path in (ROOT / "protonet/cli").glob("*.py")} - PLUMBING
    assert set(VERBS) <= found
    assert found - set(VERBS) == {"glog", "progress"}


@pytest.mark.parametrize("path", [p for p in sources("protonet") if "cli" not in p.values[0].parts])
def test_nothing_but_the_command_line_prints(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


def test_the_public_names_are_all_there():
    for name in protonet.__all__:
        assert getattr(protonet, name) is not None
    assert set(protonet.NAMES) | {"TRAIN", "TEST"} == set(protonet.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = protonet.nothing


def test_the_version_is_one():
    stated = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert stated[1] == protonet.__version__


def test_imports_point_down(monkeypatch, capsys):
    cli = pytest.importorskip("importlinter.cli", reason="import-linter is not installed (pip install -e '.[dev]')")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(os.fspath(ROOT))
    assert cli.lint_imports(config_filename="pyproject.toml", no_cache=True) == cli.EXIT_STATUS_SUCCESS, (
        capsys.readouterr().out
    )
