"""Training: a net's forward and backward pass as one packed program.

    training = Training(net);  training.run()         as net.forward_layers() and net.backward_layers(), in less memory

Only what somebody looks at lies in the net's own memory afterwards: losses, outputs, what data layers and users set, and
any blob whose `data` has been handed out.  Values agree with the exact plan's within some 1e-5.
"""

from protonet.engine.memory import piece
from protonet.engine.plan import Constants
from protonet.engine.train import convolution, joining, layerwise  # noqa: F401  (their builders)
from protonet.engine.train.plan import Planner
from protonet.runtime import plan as planning
from protonet.runtime.execute import Program


class Training:
    """One for a net; it plans anew for other shapes, and when somebody looks at another blob."""

    def __init__(self, net, exact=False):
        self.net, self.exact, self.plans = net, exact, {}
        self.constants = Constants()

    def seen(self):
        """Numbers of the blobs whose data lie in the net's memory after a run."""
        net = self.net
        found = {t for place in net.places for t, w in zip(place.tops, place.loss_weights, strict=True) if w}
        found |= {t for place in net.places if place.layer.source for t in place.tops}
        unread = set(net.outputs)
        return found | {i for i, name in enumerate(net.wiring.names) if name in unread}

    def planned(self):
        key = self.net.shape_key(), frozenset(self.seen())
        if key not in self.plans:
            self.plans = {key: Plan(self.net, self.constants, self.seen(), self.exact)}
        return self.plans[key]

    def run(self):
        self.net.clock[1] += 1
        self.planned().program.run()
        return self.net.loss()


class Plan:
    def __init__(self, net, constants, seen, exact):
        self.planner = Planner(net, constants, seen, exact).plan()
        self.steps = self.planner.steps()
        self.places = planning.packed(self.steps)
        self.program = Program(self.steps, self.places, net.threads, arena=piece(self.places.sizes["arena"]))
