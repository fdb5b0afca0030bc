"""A compiled net takes little more than its weights, its largest live set and the workspace it states."""

import sys

import pytest

from protonet.engine.footprint import footprint
from protonet.engine.program import Program
from tests.conftest import CORPUS, needs
from tests.engine.test_program import NET, made
from tests.engine.tools import conv, layer, pool, relu
from tests.perf.nets import HEADS, NETS, graph_of

MOST = 1.05  # of what there is a reason for
SMALL = ("LeNet", "SqueezeNet 1.1", "MobileNet v2", "SSD-MobileNet", "GoogLeNet")


def test_the_parts_add_up():
    program, _, weights = made(NET, (1, 3, 12, 12))
    found = footprint(program)
    assert found.parameters == sum(array.nbytes for arrays in weights.values() for array in arrays)
    assert found.weights >= found.parameters
    assert found.live >= 4 * 32 * 12 * 12  # the first convolution's maps, at least
    assert found.taken <= MOST * found.needed
    assert "largest live set" in str(found)


def test_parameters_in_a_file_take_no_memory(tmp_path):
    program, *_ = made(NET, (1, 3, 12, 12))
    program.save(tmp_path / "net.program")
    again = Program.load(tmp_path / "net.program").memory()
    assert again.parameters == 0
    assert again.weights == program.memory().weights
    assert again.live == program.memory().live


def test_memory_is_used_again():
    deep = "".join(conv(f"a{i}", f"a{i - 1}" if i else "x", 32, 3, pad=1) + relu(f"a{i}") for i in range(12))
    two, twelve = (footprint(made(body, (1, 32, 20, 20))[0]) for body in (deep.split('layer { name: "a2"')[0], deep))
    assert twelve.arena <= 1.1 * two.arena


def test_branches_live_together():
    body = conv("a", "x", 32, 3, pad=1) + conv("b", "a", 32, 3, pad=1) + pool("p", "a", "MAX", kernel_size=1)
    body += layer("Eltwise", "s", ["a", "b", "p"])
    found = footprint(made(body, (1, 32, 20, 20))[0])
    assert found.live >= 3 * 4 * 32 * 20 * 20


@needs(CORPUS)
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("name", SMALL)
def test_of_published_nets(name, batch):
    program = Program(graph_of(str(CORPUS / NETS[name]), HEADS.get(name, ()), batch))
    found = program.memory()
    sys.stdout.write(f"{name} batch {batch}: {found}\n")  # pytest -s
    assert found.taken <= MOST * found.needed
