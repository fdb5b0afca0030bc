"""Measure every layer, forward and backward, in Caffe's format and as a table.

    protonet time -model train_val.prototxt -iterations 20
    protonet time deploy.prototxt --forward-only
    protonet time train_val.prototxt --engine     # as `protonet train` runs it: fused, in blocks
    protonet time deploy.prototxt --engine        # as `protonet run` does (so does a compiled program)

What the machine can do is measured first: `limit` is the share of it that a layer reaches, by its arithmetic or by the
memory it goes through, whichever takes longer; layers that take long and are far from it are named below the table.
"""

import logging

from protonet.cli import positive
from protonet.cli.progress import console
from protonet.cli.train import split
from protonet.errors import ProtonetError

log = logging.getLogger(__name__)
FAR, MUCH = 0.5, 0.02  # of the limit; of the time


def arguments(add):
    add("net", nargs="?", metavar="NET", help="the net (.prototxt), or a compiled program")
    add("--model", metavar="NET", help="the net, as Caffe spells it")
    add("--weights", default="", help="weights to load (timing does not need them)")
    add("--iterations", type=int, default=50, help="rounds to measure (default: 50)")
    add("--gpu", default="", help="accepted; the CPU is used")
    add(
        "--phase", default="", choices=["TRAIN", "TEST"], help="phase of the net (default: TRAIN; its own for --engine)"
    )
    add("--level", type=int, default=0, help="level of the net's state")
    add("--stage", default="", metavar="A,B", help="stages of the net's state")
    add("--engine", action="store_true", help="the fused plan of a training step, or of a deploy net's program")
    add("--batch", type=int, metavar="N", help="images at once, for a program")
    add("--exact", action="store_true", help="no Winograd, for a program")
    add("--tune", action="store_true", help="choose algorithms by measuring, for a program")
    add("--forward-only", action="store_true", help="no backward")
    add("--no-table", action="store_true", help="Caffe's lines only")


def run(args):
    from protonet.engine.archive import is_program

    path = args.net or args.model
    if not path:
        raise ProtonetError("give the net: protonet time NET, or -model NET")
    positive("--iterations", args.iterations)
    logging.getLogger("protonet").setLevel(logging.INFO)
    from protonet.net import notes

    if args.gpu:
        notes.once(notes.GPU)
    log.info("Use CPU.")
    if is_program(path) or (args.engine and deploys(path, args)):
        program = compiled(path, args)
        name, memory = path, str(program.memory())
        lines, rounds = measured(args, engine_lines, program)
    else:
        net = made(path, args)
        name, memory = net.name or "net", ""
        lines, rounds = measured(args, training_lines if args.engine else net_lines, net)
    say(lines, rounds)
    if not args.no_table:
        table(name, lines, len(rounds), memory)
    return 0


def deploys(path, args):
    """Whether a net brings no data of its own, so that a program can be made of it."""
    from protonet.graph.read import read
    from protonet.layers import REGISTRY

    if args.phase == "TRAIN":
        return False
    layers = read(path, 1, args.level, split(args.stage)).net.layer
    return not any(REGISTRY[each.type].source for each in layers if each.type in REGISTRY and each.type != "Input")


def compiled(path, args):
    """The program of a deploy net, with weights from its fillers if none are given; or that of a file."""
    import protonet
    from protonet.engine.archive import is_program

    if is_program(path):
        return protonet.Program.load(path)
    weights, missing = (args.weights, False) if args.weights else ({}, True)
    return protonet.compile(path, weights, batch=args.batch, exact=args.exact, tune=args.tune, allow_missing=missing)


def made(path, args):
    """The net, which has run once."""
    import protonet
    from protonet.net import describe

    phase = getattr(protonet, args.phase or "TRAIN")
    net = protonet.Net(path, phase=phase, level=args.level, stages=split(args.stage))
    for each in split(args.weights):
        net.copy_from(each)
    describe.say(net)
    log.info("Performing Forward")
    log.info("Initial loss: %g", net.forward_layers())
    return net


def measured(args, lines, it):
    """(lines, ms of each round)."""
    rounds: list[float] = []

    def told(i, ns):
        rounds.append(ns / 1e6)
        log.info("Iteration: %d forward-backward time: %.4g ms.", i + 1, rounds[-1])

    return lines(it, args, told), rounds


def net_lines(net, args, told):
    from protonet.engine import profile

    backward = not args.forward_only and any(place.backward for place in net.places)
    if backward:
        log.info("Performing Backward")
        net.backward_layers()
    begin(args)
    return profile.of_net(net, args.iterations, backward, told)


def training_lines(net, args, told):
    from protonet.engine import profile
    from protonet.engine.train.program import Training

    training = Training.of(net)
    if training is None:
        raise ProtonetError(
            "this net has layers that run in Python: it trains by the exact plan, so leave out --engine"
        )
    training.run()
    begin(args)
    return profile.of_training(net, training, args.iterations, told)


def engine_lines(program, args, told):
    from protonet.engine import profile

    begin(args)
    return profile.of_program(program, args.iterations, told)


def begin(args):
    log.info("*** Benchmark begins ***")
    log.info("Testing for %d iterations.", args.iterations)


def say(lines, rounds):
    """The averages, as `caffe time` words them."""
    log.info("Average time per layer: ")
    back = any(line.backward.ns for line in lines)
    for line in lines:
        log.info("%10s\tforward: %.4g ms.", line.name, line.forward.mean)
        if back:
            log.info("%10s\tbackward: %.4g ms.", line.name, line.backward.mean)
    log.info("Average Forward pass: %.4g ms.", sum(line.forward.mean for line in lines))
    if back:
        log.info("Average Backward pass: %.4g ms.", sum(line.backward.mean for line in lines))
        log.info("Average Forward-Backward: %.4g ms.", sum(rounds) / len(rounds))
    log.info("Total Time: %.4g ms.", sum(rounds))
    log.info("*** Benchmark ends ***")


def table(name, lines, rounds, memory=""):
    """The medians, with the share of the whole, the arithmetic rate, and the share of what the machine can do."""
    from rich.table import Table

    from protonet.engine import limits
    from protonet.runtime.system import threads

    most = limits.measure(threads())
    whole = sum(line.forward.ms + line.backward.ms for line in lines) or 1.0
    back = any(line.backward.ms for line in lines)
    out = Table(title=f"{name}: medians of {rounds} rounds")
    for column in "layer", "type", "top", "algorithm":
        out.add_column(column, overflow="fold")
    for column in ("forward ms", "GFLOP/s", "limit", *(("backward ms", "GFLOP/s", "limit") if back else ()), "share"):
        out.add_column(column, justify="right")
    far = []
    for line in lines:
        cells = [cell for each in (line.forward, line.backward)[: 1 + back] for cell in numbers(each, most)]
        share = (line.forward.ms + line.backward.ms) / whole
        shape = "x".join(map(str, line.shape))
        out.add_row(line.name, line.type, shape, ways(line), *cells, f"{share:.1%}")
        for which, each in ("forward", line.forward), ("backward", line.backward):
            if each.ms and each.ms / whole >= MUCH and reached(each, most) < FAR:
                far.append(
                    f"{line.name} {which}: {reached(each, most):.0%} of its limit, {each.ms / whole:.0%} of the time"
                )
    console().print(out)
    for text in (f"{most}.", *(["far from that:", *("  " + each for each in far)] if far else []), memory):
        if text:
            console().print(text, highlight=False)


def ways(line):
    return " / ".join(dict.fromkeys(each.way for each in (line.forward, line.backward) if each.way))


def numbers(each, most):
    """ms, GFLOP/s and the share of the limit, as cells."""
    rate = f"{2e-6 * each.macs / each.ms:.1f}" if each.macs and each.ms else ""
    limit = f"{reached(each, most):.0%}" if each.ms and each.size else ""
    return (f"{each.ms:.3f}" if each.ms else ""), rate, limit


def reached(each, most):
    """The least time that a pass can take over what it took."""
    return 1e3 * most.least(each.macs, each.size) / each.ms if each.ms else 1.0
