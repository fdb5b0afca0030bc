"""What layers promise the shapes of whose tops depend on values: in programs and twice the same."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import protonet
from protonet.engine.train.program import Training
from protonet.errors import ShapeError
from protonet.layers import REGISTRY
from protonet.layers.fork_data import ForkData
from protonet.prototxt import parse
from tests.layers.dynamic_examples import DYNAMIC
from tests.layers.test_contract_nets import Case, close, passed

TYPES = sorted(DYNAMIC)


def results(case, **options):
    net = case.net(protonet.TEST, trains=False, **options)
    net.forward_layers()
    return {name: net.blobs[name].data.copy() for name in net.outputs}


def test_these_are_all_there_are():
    of_users = {"Data", "Python"} | {name for name, kind in REGISTRY.items() if issubclass(kind, ForkData)}
    assert set(DYNAMIC) == {name for name, kind in REGISTRY.items() if kind.dynamic} - of_users


@pytest.mark.parametrize("size", ["given", "one"])
@pytest.mark.parametrize("name", TYPES)
def test_a_program_gives_what_the_net_gives_twice(name, size):
    case = Case(name, size)
    expected, again = results(case), results(case)
    net = case.net(protonet.TEST, trains=False)
    programs = [
        protonet.compile(parse.loads(case.text, "NetParameter"), net.weights(), threads=threads) for threads in (1, 3)
    ]
    for program in programs:
        for _ in range(2):
            found = program.run(case.inputs)
            assert set(found) == set(expected)
            for each, array in found.items():
                assert array.dtype == expected[each].dtype == np.float32
                assert array.shape == expected[each].shape
                assert array.size or case.inputs["x1"].max() <= 0  # Filter's: which are chosen
                assert_array_equal(expected[each], again[each])
                close(array, expected[each], 1e-5, each)


@pytest.mark.parametrize("name", TYPES)
def test_a_batch_of_nothing_is_right_or_refused(name):
    try:
        found = results(Case(name, "none"))
    except ShapeError:
        assert name == "DetectionEvaluate"  # whose rows are along axis 2
        return
    assert all(np.isfinite(array).all() for array in found.values())


def test_what_is_filtered_trains_by_the_exact_plan_alone():
    case = Case("Filter", learns=True)
    net = case.net()
    assert Training.of(net) is None  # which plans a whole step before it runs
    passed(net)
    x, chosen = case.inputs["x0"], case.inputs["x1"] != 0
    close(net.params["f0"][0].diff, np.where(chosen[:, None, None, None], x, 0), 1e-6, "f0")
