"""Train a net as a solver prototxt says, with Caffe's semantics and Caffe's log lines.

    protonet train -solver solver.prototxt
    protonet train -solver solver.prototxt -snapshot lenet_iter_500.solverstate
    protonet train -solver solver.prototxt -weights base.caffemodel,more.caffemodel

Ctrl-C takes a snapshot and stops; so does SIGTERM.  SIGHUP takes a snapshot and goes on.
"""

import logging
import signal
import sys

from protonet.cli import COMPILING
from protonet.errors import SolverError

log = logging.getLogger(__name__)


def arguments(add):
    add("--solver", required=True, metavar="FILE", help="the solver (.prototxt)")
    add("--snapshot", default="", metavar="FILE", help="resume from this .solverstate or .solverstate.h5")
    add("--weights", default="", metavar="A,B", help="start from these weights (fine-tuning), comma separated")
    add("--iterations", type=int, help="train to this iteration instead of the solver's max_iter")
    add("--gpu", default="", metavar="ID", help="accepted; the CPU is used")
    add("--phase", default="", choices=["", "TRAIN"], help="accepted: training is TRAIN")
    add("--level", type=int, help="level of the net's state (default: what the solver says)")
    add("--stage", default="", metavar="A,B", help="stages of the net's state, comma separated")
    add(
        "--sigint_effect",
        default="stop",
        choices=["stop", "snapshot", "none"],
        help="what Ctrl-C does (default: stop)",
    )
    add(
        "--sighup_effect",
        default="snapshot",
        choices=["stop", "snapshot", "none"],
        help="what SIGHUP does (default: snapshot)",
    )
    add("--quiet", action="store_true", help="a progress bar and the tests only")


def run(args):
    if args.snapshot and args.weights:
        raise SolverError("-snapshot resumes a training and -weights starts a new one: give one of them")
    logging.getLogger("protonet").setLevel(logging.WARNING if args.quiet else logging.INFO)
    if args.quiet:
        logging.getLogger(COMPILING).setLevel(logging.WARNING)
    from protonet.caffe.solver import Solver
    from protonet.cli.progress import training
    from protonet.net import describe, notes
    from protonet.prototxt.write import dumps
    from protonet.solvers.solver import read

    _, param = read(args.solver)
    adjust(param, args)
    if args.gpu:
        notes.once(notes.GPU)
    log.info("Use CPU.")
    log.info("Initializing solver from parameters: \n%s", dumps(param).rstrip())
    solver = Solver(args.solver, param=param)
    for net in [solver.net, *solver.test_nets]:
        describe.say(net)
    log.info("Solver scaffolding done.")
    if args.snapshot:
        solver.restore(args.snapshot)
    solver.compile()
    watch(solver, args)
    log.info("Starting Optimization")
    with training(solver):
        solver.solve()
    log.info("Optimization Done.")
    return 0


def adjust(param, args):
    """What the command line says over the solver's prototxt."""
    if args.level is not None:
        param.train_state.level = args.level
    param.train_state.stage.extend(split(args.stage))
    if args.iterations is not None:
        param.max_iter = args.iterations
    if args.weights or args.snapshot:
        del param.weights[:]
        param.weights.extend(split(args.weights))


def split(text):
    return [part.strip() for part in text.split(",") if part.strip()]


def watch(solver, args):
    """Signals ask the solver, which answers at the end of the iteration; a second Ctrl-C is the ordinary one."""

    def ask(effect, number):
        def handle(signum, frame):
            if effect == "stop":
                solver.stop_asked = True
                signal.signal(number, signal.SIG_DFL)
                print("stopping after this iteration; again to stop at once", file=sys.stderr)
            elif effect == "snapshot":
                solver.snapshot_asked = True

        return handle

    for name, effect in ("SIGINT", args.sigint_effect), ("SIGTERM", "stop"), ("SIGHUP", args.sighup_effect):
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, ask(effect, number))
