"""Passes: from a net that was trained to one that predicts, each step exact and told.

heads, inputs      NetParameter -> NetParameter: losses, labels and data go, an Input and a Softmax come
deleted            NetParameter less its BatchNorm: what people try, and should not
attach             Graph + Weights -> a graph that knows its numbers
DropIdentity, ToAffine, Fold, FromAffine, DropTraining     Graph -> Graph (DEPLOY, in this order)
"""

from protonet.passes.affine import FromAffine, ToAffine
from protonet.passes.attach import attach
from protonet.passes.base import Journal, Note, Pass, Rewrite, Skip, require
from protonet.passes.fold import Fold
from protonet.passes.identity import DropIdentity
from protonet.passes.training import DropTraining

__all__ = [
    "DEPLOY",
    "FOLD",
    "Journal",
    "Note",
    "Pass",
    "Rewrite",
    "Skip",
    "attach",
    "require",
    "run",
]

FOLD = (DropIdentity, ToAffine, Fold, FromAffine)
DEPLOY = (*FOLD, DropTraining)


def run(graph, passes=FOLD, journal=None):
    """Run passes over a graph with weights.  Returns the journal."""
    journal = Journal() if journal is None else journal
    for each in passes:
        each().run(graph, journal)
        graph.verify()
    return journal
