"""How much memory a net may take: said by the user, else by the system; refused by name, before any is taken."""

import math
import os
import sys

import pytest

import protonet
from protonet.errors import ProtonetError, ShapeError
from protonet.prototxt import parse
from protonet.runtime import limit

TERA = 'layer { name: "d" type: "Input" top: "data" input_param { shape { dim: 1000000 dim: 1000000 } } }'
WIDE = """
layer { name: "d" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1000 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2000000000 } }
"""
SMALL = """
layer { name: "d" type: "Input" top: "data" input_param { shape { dim: 64 dim: 1000 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 100 } }
"""


@pytest.mark.parametrize(
    ("text", "size"), [("1000", 1000), ("8G", 8 << 30), ("500 M", 500 << 20), ("1.5kB", 1536), ("2TiB", 2 << 40)]
)
def test_a_limit_is_bytes_or_has_a_unit(text, size, monkeypatch):
    assert limit.parsed(text) == size
    monkeypatch.setenv(limit.VARIABLE, text)
    assert limit.limit() == size


@pytest.mark.parametrize("text", ["much", "-1G", "0", "8X", "G"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ProtonetError, match=r"a number of bytes, such as 8G or 500M"):
        limit.parsed(text)


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A made-up Linux with 1000 MB free, in no container."""
    limit.available.cache_clear()
    monkeypatch.delenv(limit.VARIABLE, raising=False)
    monkeypatch.setattr(limit, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(limit, "CGROUP", tmp_path)
    (tmp_path / "meminfo").write_text("MemTotal: 2048000 kB\nMemFree: 1 kB\nMemAvailable:   1024000 kB\n")
    yield tmp_path
    limit.available.cache_clear()


@pytest.mark.skipif(sys.platform != "linux", reason="Windows and macOS are asked in other ways")
class TestLinux:
    def test_what_is_free_is_the_limit(self, system):
        assert limit.limit() == 1000 << 20

    def test_a_container_may_grant_less(self, system):
        (system / "memory.max").write_text("500000\n")
        (system / "memory.current").write_text("100000\n")
        assert limit.limit() == 400000

    def test_a_container_without_a_limit_grants_all(self, system):
        (system / "memory.max").write_text("max\n")
        assert limit.limit() == 1000 << 20

    def test_without_meminfo_the_machines_memory_counts(self, system):
        (system / "meminfo").unlink()
        assert limit.limit() == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_a_blob_that_is_too_large_is_refused_by_name_shape_and_bytes():
    with pytest.raises(ShapeError, match=r"layer 'd': blob 'data' of shape \(1000000, 1000000\) needs 4000000000000 b"):
        protonet.Net(parse.loads(TERA))
    with pytest.raises(ShapeError, match=r"layer 'd': blob 'data' of shape \(1000000, 1000000\) needs 4000000000000 b"):
        protonet.compile(parse.loads(TERA), {}, allow_missing=True)


def test_a_parameter_that_is_too_large_is_refused_by_name():
    with pytest.raises(
        ShapeError, match=r"layer 'ip': blob 'ip/weight' of shape \(2000000000, 1000\) needs 8\d+ bytes"
    ):
        protonet.Net(parse.loads(WIDE))
    with pytest.raises(
        ShapeError, match=r"layer 'ip': blob 'ip/weight' of shape \(2000000000, 1000\) needs 8\d+ bytes"
    ):
        protonet.compile(parse.loads(WIDE), {}, allow_missing=True)


def test_a_reshape_that_is_too_large_is_refused():
    net = protonet.Net(parse.loads(SMALL))
    with pytest.raises(ShapeError, match="blob 'data'"):
        net.blobs["data"].reshape(1 << 40, 1 << 40)
    assert net.blobs["data"].shape == (64, 1000)


def test_a_net_whose_blobs_fit_one_by_one_is_built_and_not_run_if_they_do_not_together(monkeypatch):
    net = protonet.Net(parse.loads(SMALL), trains=False, fill=False)
    monkeypatch.setenv(limit.VARIABLE, "600K")
    with pytest.raises(ShapeError, match=r"its largest blob is 'ip/weight' \(100, 1000\), 400000 bytes"):
        net.forward_layers()
    monkeypatch.setenv(limit.VARIABLE, "2M")
    net.forward_layers()


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1023, "1.02e+03 B"), (1 << 30, "1 GiB"), (3 << 39, "1.5 TiB")])
def test_sizes_are_readable(size, text):
    assert limit.readable(size) == text
    assert math.isfinite(limit.limit())


def test_a_compiled_net_refuses_an_input_that_is_too_large_by_name():
    program = protonet.compile(parse.loads(SMALL), {}, allow_missing=True)
    with pytest.raises(ShapeError, match=r"layer 'd': blob 'data' of shape \(100000000, 1000\)"):
        program.parts[0].plan([(100_000_000, 1000)])


def test_negative_sizes_are_refused_by_name():
    with pytest.raises(ShapeError, match=r"blob 'x': a shape has no negative sizes, found \(2, -1\)"):
        limit.check((2, -1), "blob 'x'")


def test_nothing_of_sizes_that_no_array_has_is_refused():
    limit.check((0, 3, 1 << 31), "blob 'x'")
    with pytest.raises(ShapeError, match=r"blob 'x': nothing, but of sizes that no array has, \(0, 4294967297, "):
        limit.check((0, (1 << 32) + 1, 1 << 33), "blob 'x'")


@pytest.mark.parametrize(
    ("kind", "spec", "sizes"),
    [
        ("Deconvolution", "convolution_param { num_output: 4 kernel_size: 3 stride: 4294967295 }", (0, 5, 4, 2)),
        ("Im2col", "convolution_param { pad: 2147483648 kernel_size: 2 }", (4, 0, 2, 2)),
        ("PixelShuffle", "pixelshuffle_param { upscale_factor: 2147483647 }", (2, 0, 3, 2)),
    ],
)
def test_no_layer_makes_such_a_shape_of_nothing(kind, spec, sizes):
    """Its strides would be no int64."""
    shape = " ".join(f"dim: {n}" for n in sizes)
    text = f"""layer {{ name: "in" type: "Input" top: "x" input_param {{ shape {{ {shape} }} }} }}
        layer {{ name: "it" type: "{kind}" bottom: "x" top: "y" {spec} }}"""
    with pytest.raises(ShapeError, match="layer 'it': blob 'y': nothing, but of sizes that no array has"):
        protonet.Net(parse.loads(text), protonet.TEST)


def test_what_a_layer_keeps_for_itself_is_held_against_it_too():
    """An iteration count of 2^31 asks for a map for each."""
    shape = "input_param { shape { dim: 2 dim: 3 dim: 3 dim: 17 } }"
    text = "".join(f'layer {{ name: "x{i}" type: "Input" top: "x{i}" {shape} }}' for i in range(3))
    text += (
        'layer { name: "crf" type: "MultiStageMeanfield" bottom: "x0" bottom: "x1" bottom: "x2" top: "y" '
        "multi_stage_meanfield_param { num_iterations: 2147483647 theta_alpha: 3 theta_beta: 2 theta_gamma: 1 } }"
    )
    net = protonet.Net(parse.loads(text, "NetParameter"), protonet.TEST, threads=1)
    with pytest.raises(ShapeError, match=r"memory 'crf.*' of shape .* needs \d+ bytes .*make it smaller, or allow"):
        net.forward()
