"""Training: a net's forward and backward pass as one packed program.

    Training.of(net).run()          as net.forward_layers() and net.backward_layers(), in less memory and time

Only what somebody looks at lies in the net's own memory afterwards: losses, outputs, what data layers and users set,
and any blob whose `data` has been handed out before.  Who looks at another one after a run finds in it what the exact
plan makes of the same batch, parameters and draws; from then on it is kept.  Looking at a gradient ends all this: from
then on the net runs by its exact plan.  Values of both agree within some 1e-5 of a blob's largest.
"""

from functools import cached_property
from typing import Any
from weakref import proxy

from protonet.engine.memory import piece
from protonet.engine.plan import Constants
from protonet.engine.train import builders  # noqa: F401
from protonet.engine.train.plan import Planner
from protonet.runtime import plan as planning
from protonet.runtime.execute import Program


class Training:
    """One for a net.  undo: takes back the step that followed the last run, if one did."""

    @classmethod
    def of(cls, net):
        """The one of this net; None where layers run in Python, or have tops whose shapes depend on values."""
        if any(place.layer.dynamic or place.layer.type == "Python" for place in net.places):
            return None
        return next((blob.watch for blob in net.blob_list if blob.watch), None) or cls(net)

    def __init__(self, net, exact=False):
        self.net: Any = proxy(net)  # which holds this by its blobs: it goes with all its memory when nobody needs it
        self.exact, self.plans = exact, {}
        self.constants, self.undo, self.watched = Constants(), None, False
        self.number = {id(blob): i for i, blob in enumerate(net.blob_list)}
        self.weighed = {t for place in net.places for t, w in zip(place.tops, place.loss_weights, strict=True) if w}
        self.seen = self.weighed | self.always()
        for blob in net.blob_list:
            blob.watch = self

    def always(self):
        """Numbers of the blobs, besides losses, whose data lie in the net's memory after every run."""
        net, unread = self.net, set(self.net.outputs)
        given = {t for place in net.places if place.layer.source for t in place.tops}
        return given | {i for i, name in enumerate(net.wiring.names) if name in unread}

    def look(self, blob, which):
        """Somebody looks at a blob of the net."""
        number = self.number[id(blob)]
        if which == "data" and number not in self.seen:
            self.seen.add(number)
            self.net.catch_up()
        elif which == "diff" and number not in self.weighed:
            self.watched = True
            self.net.catch_up()

    @property
    def may_run(self):
        return not (self.watched or self.net.debug_info)

    def planned(self):
        net = self.net
        net.settle_shapes()
        key = net.shapes, frozenset(self.seen)
        if key not in self.plans:
            self.plans = {key: Plan(net, self.constants, self.seen, self.exact)}
        return self.plans[key]

    @property
    def lot(self):
        """(steps, plan), for compiling."""
        return self.planned().lot

    def run(self, backward=True):
        """One batch, forward and backward; returns the weighted loss."""
        net = self.net
        plan = self.planned()
        net.clock[1] += 1
        self.undo, net.behind = None, self.bring
        net.run(plan.program.run, 0, None if backward else plan.forward)
        return net.loss()

    def bring(self):
        """Make all blobs what the last run made of them: by the exact plan, with the parameters that it had."""
        net = self.net
        kept = [(blob, blob.data.copy(), blob.diff.copy()) for blob in net.parameters.blobs]
        if self.undo:
            self.undo()
        for i, place in enumerate(net.places):
            if place.tops and not place.layer.source:
                net.run_through(i, i)
        if net.trains:
            net.backward_layers()
        for blob, data, diff in kept:
            blob.data[...], blob.diff[...] = data, diff


class Plan:
    """A net at one set of shapes, for those who look at some of its blobs."""

    def __init__(self, net, constants, seen, exact):
        planner = Planner(net, constants, set(seen), exact).plan()
        steps = planner.steps()
        self.lot, self.threads, self.forward = (steps, planning.packed(steps)), net.threads, planner.forward

    @cached_property
    def program(self):
        steps, places = self.lot
        return Program(steps, places, self.threads, arena=piece(places.sizes["arena"]))
