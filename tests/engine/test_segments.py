"""Nets with layers whose tops' shapes depend on values: parts that are planned, and what runs between them."""

import sys
import threading
from types import ModuleType

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import protonet
from protonet.engine import segments
from protonet.engine.program import compile
from protonet.engine.segments import Dynamic, Static
from protonet.errors import ProtonetError
from protonet.prototxt import parse
from tests.engine.tools import agree, conv, dense, exact, layer, numbers, pool, relu, text

ROWS = layer("Filter", "f", ["a", "x1"]) + layer("TanH", "b", "f")


@pytest.fixture
def mine(monkeypatch):
    """A module of the user's."""

    class Scaled(protonet.Layer):
        def setup(self, bottom, top):
            self.blobs.add_blob(3)

        def reshape(self, bottom, top):
            top[0].reshape(*bottom[0].shape)

        def forward(self, bottom, top):
            if np.abs(bottom[0].data).max() > 1e6:
                raise ValueError("too large")
            top[0].data[...] = bottom[0].data * self.blobs[0].data[:, None, None]

    module = ModuleType("mine_for_segments")
    module.Scaled = Scaled  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return 'python_param { module: "mine_for_segments" layer: "Scaled" }'


def made(body, *shapes, seed=4):
    document = parse.loads(text(body, *shapes), "NetParameter")
    return compile(document, numbers(document, np.random.default_rng(seed)))


def kinds(program):
    return [type(part) for part in program.parts]


def test_rows_that_a_filter_keeps_go_on_through_the_rest_of_the_net(rng):
    body = dense("a", "x", 8) + relu("a") + ROWS + dense("y", "b", 5)
    document = parse.loads(text(body, (6, 4), (6, 1)), "NetParameter")
    weights = numbers(document, rng)
    program = compile(document, weights)
    assert kinds(program) == [Static, Dynamic, Static]
    for kept in ([1, 0, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 0]):
        x, which = rng.normal(size=(6, 4)).astype(np.float32), np.float32(kept)[:, None]
        net = protonet.Net(document, protonet.TEST, weights=weights)
        net.blobs["x"].data[...], net.blobs["x1"].data[...] = x, which
        net.forward()
        found = program.run(x=x, x1=which)["y"]
        assert found.shape == (sum(kept), 5)
        np.testing.assert_allclose(found, net.blobs["y"].data, rtol=1e-4, atol=1e-5)


def test_a_node_stands_in_the_earliest_part_that_it_can(rng):
    body = dense("a", "x", 8) + ROWS + dense("y", "b", 5) + dense("z", "x", 7) + layer("Sigmoid", "s", "z")
    program = made(body, (6, 4), (6, 1))
    first, _, last = program.parts
    assert [node.name for node in first.graph.nodes] == ["x", "a", "z", "s"]
    assert [node.name for node in last.graph.nodes if node.type != "Input"] == ["b", "y"]
    found = program.run(x=np.ones((6, 4)), x1=np.ones((6, 1)))
    assert set(found) == set(program.outputs) == {"y", "s"}


def test_boxes_come_out_as_from_a_net(rng):
    detect = "num_classes: 3 background_label_id: 0 keep_top_k: 20 nms_param { nms_threshold: 0.5 top_k: 30 }"
    prior = "prior_box_param { min_size: 4 max_size: 8 aspect_ratio: 2 variance: 0.1 }"
    body = (
        conv("m", "x", 32, 3, pad=1)
        + relu("m")
        + conv("loc", "m", 16, 3, pad=1)
        + layer("Permute", "locp", "loc", "permute_param { order: 0 order: 2 order: 3 order: 1 }")
        + layer("Flatten", "locf", "locp")
        + conv("conf", "m", 12, 3, pad=1)
        + layer("Permute", "confp", "conf", "permute_param { order: 0 order: 2 order: 3 order: 1 }")
        + layer("Reshape", "confr", "confp", "reshape_param { shape { dim: 0 dim: -1 dim: 3 } }")
        + layer("Softmax", "confs", "confr", "softmax_param { axis: 2 }")
        + layer("Flatten", "conff", "confs")
        + layer("PriorBox", "prior", ["m", "x"], prior)
        + layer(
            "DetectionOutput",
            "boxes",
            ["locf", "conff", "prior"],
            f"detection_output_param {{ share_location: true {detect} }}",
        )
    )
    program, found = agree(body, (2, 3, 10, 12), rng=rng)
    assert found["boxes"].shape == (1, 1, 40, 7)
    assert kinds(program) == [Static, Dynamic]


def test_layers_in_python_run_between_parts_with_their_parameters(rng, mine):
    body = conv("a", "x", 3, 3, pad=1) + layer("Python", "p", "a", mine) + conv("y", "p", 32, 3) + relu("y")
    document = parse.loads(text(body, (2, 3, 9, 8)), "NetParameter")
    program, _ = agree(body, (2, 3, 9, 8), rng=rng)
    assert kinds(program) == [Static, Dynamic, Static]
    weights = numbers(document, rng)
    a, b = compile(document, weights), made(body, (2, 3, 9, 8), seed=8)
    x = rng.normal(size=(2, 3, 9, 8)).astype(np.float32)
    b.run(x)
    wanted = exact(document, weights, {"x": x})["y"]
    np.testing.assert_allclose(a.run(x)["y"], wanted, rtol=1e-4, atol=1e-5)


def test_a_net_that_is_one_such_layer_takes_its_inputs_by_name(rng):
    program = made(layer("Filter", "f", ["x1", "x"]), (4, 1), (4, 3))
    found = program.run(x=np.float32([[0], [1], [1], [0]]), x1=np.arange(12).reshape(4, 3))
    assert_array_equal(found["f"], np.arange(3, 9).reshape(2, 3))


def test_errors_name_the_layer(mine):
    body = conv("a", "x", 3) + layer("Python", "p", "a", mine)
    program = made(body, (1, 3, 4, 4))
    with pytest.raises(ProtonetError, match=r"layer 'p'.*forward failed .*with ValueError: too large"):
        program.run(np.full((1, 3, 4, 4), 1e9))


def test_several_threads_may_run_it_at_once(rng, mine):
    body = conv("a", "x", 3) + layer("Python", "p", "a", mine) + pool("y", "p", "MAX", kernel_size=2)
    program = made(body, (1, 3, 6, 6))
    inputs = [rng.normal(size=(1, 3, 6 + i % 3, 6)).astype(np.float32) for i in range(6)]
    wanted, found = [program.run(x)["y"] for x in inputs], {}

    def work(i):
        for _ in range(10):
            found[i] = program.run(inputs[i])["y"]

    jobs = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    for i in range(6):
        assert_array_equal(found[i], wanted[i])


def test_a_part_forgets_the_plans_of_many_shapes(monkeypatch, rng):
    monkeypatch.setattr(segments, "PLANS", 3)
    program = made(pool("y", "x", "MAX", kernel_size=2), (1, 3, 6, 6))
    for n in (*range(2, 9), 2):
        x = rng.normal(size=(1, 3, n, n)).astype(np.float32)
        assert program.run(x)["y"][0, 1, 0, 0] == x[0, 1, :2, :2].max()
    assert len(program.plans) == 3
