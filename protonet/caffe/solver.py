"""Solvers as pycaffe shows them.  (Caffe: python/caffe/_caffe.cpp.)"""

from protonet.caffe.net import Net
from protonet.solvers import solver as core


class Solver(core.Solver):
    """get_solver(path): whatever type the prototxt names."""

    net_class = Net

    def add_callback(self, on_start, on_gradients_ready):
        """Call on_start() before each iteration, on_gradients_ready() between its gradients and the update."""
        self.on_start.append(on_start)
        self.on_gradients.append(on_gradients_ready)

    @property
    def lr(self):
        """The rate of the iteration to come."""
        return self.rate()


class Typed(Solver):
    """A solver class that is its own type, whatever the prototxt says."""

    rule_name = ""

    def __init__(self, source, **options):
        _, param = core.read(source)
        param.type = self.rule_name
        super().__init__(source, param=param, **options)


class SGDSolver(Typed):
    rule_name = "SGD"


class NesterovSolver(Typed):
    rule_name = "Nesterov"


class AdaGradSolver(Typed):
    rule_name = "AdaGrad"


class RMSPropSolver(Typed):
    rule_name = "RMSProp"


class AdaDeltaSolver(Typed):
    rule_name = "AdaDelta"


class AdamSolver(Typed):
    rule_name = "Adam"


def get_solver(source, **options):
    """The solver a prototxt describes."""
    return Solver(source, **options)
