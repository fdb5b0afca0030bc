"""The exact plan: steps by layer, a program only when something runs, timing by layer."""

import gc
import weakref

import pytest

from tests.net.tools import CNN, data, ip, layer, net


def test_nothing_is_planned_before_the_first_run_and_one_plan_serves_a_shape():
    made = net(data(2, 3) + ip("a", "data", "a"))
    assert not made.plans
    made.forward_layers()
    first = made.planned()
    made.forward_layers()
    assert made.planned() is first
    made.blobs["data"].reshape(1, 3)
    made.forward_layers()
    assert made.planned() is not first
    made.blobs["data"].reshape(2, 3)
    assert made.planned() is first


def test_a_plan_makes_its_program_when_it_runs():
    made = net(data(2, 3) + ip("a", "data", "a"))
    plan = made.planned()
    assert "program" not in vars(plan)
    made.forward_layers()
    assert "program" in vars(plan)


def test_a_net_that_does_not_train_has_no_steps_backward():
    trains, tests = (net(CNN, phase=0, trains=trains).planned() for trains in (True, False))
    assert len(trains.lot[0]) > trains.forward[-1][1] > 0
    assert len(tests.lot[0]) == tests.forward[-1][1]
    assert not tests.backward


def test_memory_that_moved_makes_a_new_plan():
    made = net(data(2, 3) + ip("a", "data", "a"))
    made.forward_layers()
    before = made.planned()
    made.blobs["data"].reshape(5, 3)
    made.blobs["data"].reshape(2, 3)  # as before, but elsewhere
    made.blobs["data"].data[...] = 1
    made.forward_layers()
    assert made.planned() is not before
    w, b = (blob.data for blob in made.params["a"])
    assert made.blobs["a"].data[0] == pytest.approx(w.sum(1) + b, rel=1e-5)


def test_a_parameter_that_moved_is_followed():
    """Scripts put a parameter's memory elsewhere by sharing it."""
    made, other = (net(data(2, 3) + ip("a", "data", "a"), seed=seed) for seed in (1, 2))
    made.blobs["data"].data[...] = other.blobs["data"].data[...] = 1
    made.forward_layers()
    other.forward_layers()
    for mine, their in zip(made.params["a"], other.params["a"], strict=True):
        mine.share_data(their)
    made.forward_layers()
    assert (made.blobs["a"].data == other.blobs["a"].data).all()


def test_plans_of_many_shapes_are_let_go(monkeypatch):
    monkeypatch.setattr("protonet.net.net.PLANS", 3)
    made = net(data(9, 3) + ip("a", "data", "a"))
    for n in range(1, 10):
        made.blobs["data"].reshape(n, 3)
        made.forward_layers()
        assert len(made.plans) <= 4


def test_every_layer_is_timed():
    made = net(CNN + layer("quiet", "Silence", "loss"), phase=0)
    there, back = made.time_layers()
    assert len(there) == len(back) == len(made.places)
    times = dict(zip(made.layer_names, zip(there, back, strict=True), strict=True))
    assert times["conv1"][0] > 0
    assert times["conv1"][1] > 0
    assert times["source"][1] == 0
    assert made.time_layers(backward=False)[1] == [0] * len(made.places)


def test_a_net_that_nobody_needs_any_more_goes_at_once():
    """With its memory, without waiting for the collector of garbage, which counts objects and not bytes."""
    gc.disable()
    try:
        made = net(CNN, phase=0)
        made.forward_layers()
        made.backward_layers()
        gone = weakref.ref(made)
        memory = weakref.ref(made.blobs["conv1"].data_store)
        del made
        assert gone() is None
        assert memory() is None
    finally:
        gc.enable()


def test_only_what_is_computed_in_takes_memory():
    looked_at = net(CNN, phase=0)
    assert not any(blob.data_store.made is not None for blob in looked_at.blob_list)
    forward = net(CNN, phase=0, trains=False)
    forward.forward_layers()
    taken = [b.name for b in forward.blob_list if b.diff_store.made is not None]
    assert taken == ["loss"]  # whose weight lies there
    assert all(b.data_store.made is not None for b in forward.blob_list)
