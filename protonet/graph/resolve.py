"""Which layers, which nets, which files: what a prototxt means once the phase is known.

A layer with `include` rules is there if any of them holds; one with `exclude` rules, if none holds; one with both is
an error.  A rule holds if all it says holds: phase, min_level, max_level, every stage, no not_stage.

A solver names its nets in one of four ways for training (net, net_param, train_net, train_net_param), and tests with
each test_net_param, each test_net, and for every test_iter beyond those with net or net_param again.  The state of
each is its phase, then what the net's own `state` says, then train_state or its test_state.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protonet.errors import NetError, SolverError
from protonet.proto import caffe_pb2
from protonet.prototxt import parse
from protonet.prototxt.paths import find


def filter_net(net, state, places=None):
    """The layers of `net` that are there in a NetState, as a NetParameter, and their indices.

    places[i] says where layer i stands in its file, for errors.
    """
    places = places or [f"layer '{layer.name}'" for layer in net.layer]
    kept = [i for i, layer in enumerate(net.layer) if includes(layer, state, places[i])]
    result = type(net)()
    result.CopyFrom(net)
    result.ClearField("layer")
    result.layer.extend(net.layer[i] for i in kept)
    return result, kept


def includes(layer, state, place=""):
    """Whether a layer is there in a state."""
    if layer.include and layer.exclude:
        raise NetError("has include rules and exclude rules: use one kind", place)
    if layer.include:
        return any(holds(rule, state) for rule in layer.include)
    return not any(holds(rule, state) for rule in layer.exclude)


def holds(rule, state):
    """Whether a NetStateRule holds in a NetState."""
    return (
        (not rule.HasField("phase") or rule.phase == state.phase)
        and (not rule.HasField("min_level") or state.level >= rule.min_level)
        and (not rule.HasField("max_level") or state.level <= rule.max_level)
        and set(rule.stage) <= set(state.stage)
        and not set(rule.not_stage) & set(state.stage)
    )


@dataclass
class Chosen:
    """A net that a solver asks for.  source: a Document, or a NetParameter; state: a NetState, with nothing to add."""

    source: Any
    state: Any

    @property
    def message(self):
        return getattr(self.source, "message", self.source)


def solver_nets(solver, path=None, ignore_unknown=False):
    """(the net to train, [the nets to test]) of a SolverParameter that was read from `path`, each a Chosen."""
    documents: dict[str, Any] = {}

    def read(name):
        if name not in documents:
            documents[name] = parse.load(find(name, Path(path).parent if path else ""), "NetParameter", ignore_unknown)
        return documents[name]

    def choose(source, phase, states):
        result = caffe_pb2.NetState(phase=phase)
        for state in getattr(source, "message", source).state, *states:
            result.MergeFrom(state)
        return Chosen(source, result)

    where = str(path or "")
    generic = _sources(solver, read, where, "net", "net_param")
    train = generic + _sources(solver, read, where, "train_net", "train_net_param")
    if len(train) != 1:
        ways = "net, net_param, train_net, train_net_param"
        raise SolverError(f"expected one net to train, found {len(train)}: give one of {ways}", where)
    tests = [*solver.test_net_param, *map(read, solver.test_net)]
    count = len(solver.test_iter)
    if count < len(tests) or (count > len(tests) and not generic):
        raise SolverError(f"expected a test_iter for each of {len(tests)} test nets, found {count}", where)
    tests += generic * (count - len(tests))
    if tests and solver.test_interval <= 0:
        raise SolverError(
            f"expected a test_interval above 0, as there is a test net, found {solver.test_interval}", where
        )
    states = solver.test_state
    if states and len(states) != len(tests):
        raise SolverError(
            f"expected no test_state or one for each of {len(tests)} test nets, found {len(states)}", where
        )
    return choose(train[0], caffe_pb2.TRAIN, [solver.train_state]), [
        choose(test, caffe_pb2.TEST, states[i : i + 1]) for i, test in enumerate(tests)
    ]


def _sources(solver, read, where, file, message):
    """What a solver gives as a file, or in itself; one of them at most."""
    if solver.HasField(file) and solver.HasField(message):
        raise SolverError(f"has both {file} and {message}: give one", where)
    if solver.HasField(file):
        return [read(getattr(solver, file))]
    return [getattr(solver, message)] if solver.HasField(message) else []
