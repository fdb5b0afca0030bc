import pytest

from protonet.errors import NetError, ParseError, SolverError
from protonet.graph import resolve
from protonet.graph.read import read
from protonet.proto import caffe_pb2
from protonet.prototxt.parse import loads

TRAIN, TEST = caffe_pb2.TRAIN, caffe_pb2.TEST


def state(text):
    return loads(text, "NetState").message


def is_there(layer, text):
    return resolve.includes(loads(layer, "LayerParameter").message, state(text))


def test_a_layer_without_rules_is_always_there():
    assert is_there('name: "x"', "phase: TRAIN level: 7")


def test_any_one_include_rule_suffices():
    rules = 'include { phase: TRAIN } include { stage: "a" }'
    assert is_there(rules, "phase: TRAIN")
    assert is_there(rules, 'phase: TEST stage: "a"')
    assert not is_there(rules, "phase: TEST")


def test_any_one_exclude_rule_suffices():
    rules = 'exclude { phase: TRAIN } exclude { stage: "a" }'
    assert not is_there(rules, "phase: TRAIN")
    assert not is_there(rules, 'phase: TEST stage: "a"')
    assert is_there(rules, 'phase: TEST stage: "b"')


def test_all_that_a_rule_says_must_hold():
    rule = 'include { phase: TEST min_level: 1 max_level: 2 stage: "a" stage: "b" not_stage: "c" not_stage: "d" }'
    assert is_there(rule, 'phase: TEST level: 2 stage: "b" stage: "a" stage: "e"')
    for wrong in (
        'phase: TRAIN level: 2 stage: "a" stage: "b"',
        'phase: TEST level: 0 stage: "a" stage: "b"',
        'phase: TEST level: 3 stage: "a" stage: "b"',
        'phase: TEST level: 2 stage: "a"',
        'phase: TEST level: 2 stage: "a" stage: "b" stage: "d"',
    ):
        assert not is_there(rule, wrong), wrong


def test_an_empty_rule_always_holds():
    assert is_there("include { }", "")
    assert not is_there("exclude { }", "")


def test_a_state_without_a_phase_is_for_testing():
    assert is_there("include { phase: TEST }", "")
    assert not is_there("include { phase: TRAIN }", "level: 0")


def test_both_kinds_of_rules_on_one_layer_are_refused():
    net = loads('layer { name: "x" include { } exclude { } }').message
    with pytest.raises(NetError, match="layer 'x': has include rules and exclude rules"):
        resolve.filter_net(net, state(""))
    with pytest.raises(NetError, match="f:1:1: layer 'x': has include"):
        read(loads('layer { name: "x" include { } exclude { } }', name="f"), TEST)


def test_filtering_keeps_order_and_tells_the_indices_and_leaves_the_net_alone():
    net = loads('name: "n" layer { name: "a" } layer { exclude { } } layer { name: "b" include { } }').message
    before = net.SerializeToString()
    result, kept = resolve.filter_net(net, state(""))
    assert (result.name, [each.name for each in result.layer], kept) == ("n", ["a", "b"], [0, 2])
    assert net.SerializeToString() == before


# a solver's nets


def nets(text, path=None):
    train, tests = resolve.solver_nets(loads(text, "SolverParameter").message, path)
    return [(each.message.name, each.state) for each in (train, *tests)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current directory beside the one with the solver and its nets."""
    (tmp_path / "here").mkdir()
    (tmp_path / "models").mkdir()
    for name in ("a", "b"):
        (tmp_path / "models" / f"{name}.prototxt").write_text(f'name: "{name}"')
    (tmp_path / "models" / "staged.prototxt").write_text('name: "staged" state { level: 3 stage: "file" }')
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "models"


def test_one_net_serves_for_training_and_every_test(folder):
    found = nets('net: "a.prototxt" test_iter: 1 test_iter: 2 test_interval: 5', folder / "solver.prototxt")
    assert found == [("a", state("phase: TRAIN")), ("a", state("phase: TEST")), ("a", state("phase: TEST"))]


def test_without_a_test_iter_a_net_is_not_tested():
    assert nets('net_param { name: "a" }') == [("a", state("phase: TRAIN"))]


def test_test_nets_come_in_caffes_order(folder):
    found = nets(
        'test_net: "a.prototxt" test_net_param { name: "p" } test_net: "b.prototxt" net_param { name: "g" }'
        "test_iter: [1, 1, 1, 1, 1] test_interval: 1",
        folder / "solver.prototxt",
    )
    assert [name for name, _ in found] == ["g", "p", "a", "b", "g", "g"]


def test_separate_nets_for_training_and_testing(folder):
    found = nets(
        'train_net_param { name: "t" } test_net: "b.prototxt" test_iter: 1 test_interval: 1', folder / "solver.prototxt"
    )
    assert [name for name, _ in found] == ["t", "b"]


def test_a_state_is_the_phase_then_the_files_then_the_solvers(folder):
    found = nets(
        'net: "staged.prototxt" train_state { level: 5 } test_state { stage: "x" } test_state { phase: TRAIN }'
        "test_iter: [1, 1] test_interval: 1",
        folder / "solver.prototxt",
    )
    assert [each for _, each in found] == [
        state('phase: TRAIN level: 5 stage: "file"'),
        state('phase: TEST level: 3 stage: ["file", "x"]'),
        state('phase: TRAIN level: 3 stage: "file"'),
    ]


def test_the_state_reaches_the_net_as_it_is(folder):
    text = 'net: "staged.prototxt" train_state { stage: "x" }'
    train, _ = resolve.solver_nets(loads(text, "SolverParameter").message, folder / "solver.prototxt")
    assert read(train.source, state=train.state).state == state('phase: TRAIN level: 3 stage: ["file", "x"]')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected one net to train, found 0: give one of net, net_param"),
        ("net_param { } train_net_param { }", "expected one net to train, found 2"),
        ('net: "a" net_param { }', "has both net and net_param"),
        ("train_net_param { } test_net_param { }", "expected a test_iter for each of 1 test nets, found 0"),
        ("train_net_param { } test_iter: 1", "expected a test_iter for each of 0 test nets, found 1"),
        ("net_param { } test_iter: 1", "expected a test_interval above 0, as there is a test net, found 0"),
        ("net_param { } test_iter: 1 test_interval: 1 test_state: [{ }, { }]", "one for each of 1 test nets, found 2"),
    ],
)
def test_a_solver_that_contradicts_itself_is_refused(text, message):
    with pytest.raises(SolverError, match=f"solver.prototxt: .*{message}"):
        nets(text, "solver.prototxt")


def test_a_net_that_is_nowhere_is_an_error_with_its_name(folder):
    with pytest.raises(ParseError, match=r"none\.prototxt: cannot be read"):
        nets('net: "none.prototxt"', folder / "solver.prototxt")
