"""What training holds: nothing of one step but what the next one reads, and at most what Caffe's blobs are."""

import sys

import pytest

from protonet.runtime import plan as planning
from tests.conftest import CORPUS, needs
from tests.perf import caffe_memory
from tests.perf.train_nets import NETS, solver_of

SMALL = "LeNet", "CIFAR-quick with BN", "SqueezeNet 1.1"


def held(solver):
    """Bytes: parameters with gradients and histories, what is looked at, constants, and all that the plan places."""
    training = solver.packed(solver.net)
    steps, plan = training.lot
    learned = [each.blob.count for each in solver.net.parameters.learned]
    kept = [solver.net.blob_list[number] for number in training.seen]
    constants = sum(buffer.nbytes for buffer in training.constants.made.values())
    private = solver.net.threads * max(step.private for step in steps)
    numbers = (2 + solver.rule.histories) * sum(learned) + sum(blob.count for blob in kept)
    return 4 * numbers + constants + private + sum(plan.sizes.values())


@needs(CORPUS)
@pytest.mark.parametrize("name", SMALL)
def test_at_most_what_caffes_blobs_are(name):
    solver = solver_of(name, threads=2)
    ours, its = held(solver), caffe_memory.train_bytes(solver.net)
    sys.stdout.write(f"{name}: {ours / 2**20:.1f} MB, Caffe {its / 2**20:.1f} MB\n")  # pytest -s
    assert ours <= its


@needs(CORPUS)
@pytest.mark.parametrize("name", SMALL)
def test_no_part_of_the_arena_lives_from_step_to_step(name, monkeypatch):
    path, _, image, labels = NETS[name]
    monkeypatch.setitem(NETS, name, (path, 2, image, labels))
    solver = solver_of(name, threads=1)
    steps, _ = solver.packed(solver.net).lot
    lives = planning.lifetimes(steps)
    assert not [
        buffer.name for buffer, (first, _) in lives.items() if first < 0 and buffer.kind in ("arena", "scratch")
    ]
