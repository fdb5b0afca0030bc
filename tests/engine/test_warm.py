"""What is compiled ahead is what nets then ask for."""

import protonet
from protonet.engine import warm
from protonet.engine.program import compile
from protonet.prototxt import parse
from protonet.runtime import plan
from tests.engine.test_program import NET
from tests.engine.tools import text


def codes(lots):
    return {kernel.symbol(shared) for steps, places in lots for kernel, shared in plan.codes(steps, places)}


def test_a_program_asks_for_nothing_else():
    document = parse.loads(text(NET, (1, 3, 12, 12)), "NetParameter")
    program = compile(document, {}, allow_missing=True)
    asked = codes((each.steps, each.places) for each in program.plans)
    assert asked == codes(warm.of_program(document))
    lots, nets = warm.of_net(document)
    assert asked <= codes(lots)
    assert [net.phase for net in nets] == [protonet.TRAIN, protonet.TEST]


def test_usual_nets_cover_the_families(monkeypatch):
    monkeypatch.setattr(warm, "CONVOLUTIONS", [(16, 8, 16, 3, 1, 1), (16, 8, 16, 3, 1, 16)])
    lots, _ = warm.usual()
    modules = {name.partition(".")[0] for name in codes(lots)}
    assert {"depthwise", "blocks", "softmax"} <= modules
    assert any(name.endswith("clamp") for name in codes(lots))
