"""Measure every layer, forward and backward, in Caffe's format and as a table.

protonet time -model train_val.prototxt -iterations 20
protonet time deploy.prototxt --forward-only
"""

import logging
import statistics
import time

from protonet.cli import positive
from protonet.cli.progress import console
from protonet.cli.train import split
from protonet.errors import ProtonetError

log = logging.getLogger(__name__)


def arguments(add):
    add("net", nargs="?", metavar="NET", help="the net (.prototxt)")
    add("--model", metavar="NET", help="the net, as Caffe spells it")
    add("--weights", default="", help="weights to load (timing does not need them)")
    add("--iterations", type=int, default=50, help="rounds to measure (default: 50)")
    add("--gpu", default="", help="accepted; the CPU is used")
    add("--phase", default="TRAIN", choices=["TRAIN", "TEST"], help="phase of the net (default: TRAIN)")
    add("--level", type=int, default=0, help="level of the net's state")
    add("--stage", default="", metavar="A,B", help="stages of the net's state")
    add("--forward-only", action="store_true", help="no backward")
    add("--no-table", action="store_true", help="Caffe's lines only")


def run(args):
    path = args.net or args.model
    if not path:
        raise ProtonetError("give the net: protonet time NET, or -model NET")
    positive("--iterations", args.iterations)
    logging.getLogger("protonet").setLevel(logging.INFO)
    import protonet
    from protonet.net import describe, notes

    if args.gpu:
        notes.once(notes.GPU)
    log.info("Use CPU.")
    net = protonet.Net(path, phase=getattr(protonet, args.phase), level=args.level, stages=split(args.stage))
    for each in split(args.weights):
        net.copy_from(each)
    describe.say(net)
    log.info("Performing Forward")
    log.info("Initial loss: %g", net.forward_layers())
    backward = not args.forward_only and any(place.backward for place in net.places)
    if backward:
        log.info("Performing Backward")
        net.backward_layers()
    log.info("*** Benchmark begins ***")
    log.info("Testing for %d iterations.", args.iterations)
    forward_ms, backward_ms, rounds = measure(net, args.iterations, backward)
    say(net, forward_ms, backward_ms, rounds)
    if not args.no_table:
        table(net, forward_ms, backward_ms)
    return 0


def measure(net, iterations, backward):
    """Milliseconds of every layer in every round: (forward[i], backward[i], whole rounds)."""
    one_by_one = any(place.layer.dynamic for place in net.places)
    rounds, there, back = [], [], []
    for j in range(iterations):
        start = time.perf_counter()
        forward_ns, backward_ns = layers(net, backward) if one_by_one else net.time_layers(backward)
        rounds.append((time.perf_counter() - start) * 1e3)
        there.append([ns / 1e6 for ns in forward_ns])
        back.append([ns / 1e6 for ns in backward_ns])
        log.info("Iteration: %d forward-backward time: %.4g ms.", j + 1, rounds[-1])
    return list(zip(*there, strict=True)), list(zip(*back, strict=True)) if backward else [()] * len(net.places), rounds


def layers(net, backward):
    """The ns of each layer, called from Python one by one: where the tops' shapes depend on values."""
    every = range(len(net.places))
    there = [timed(net.forward_layers, i, i) for i in every]
    back = [timed(net.backward_layers, i, i) for i in reversed(every)] if backward else []
    return there, back[::-1]


def timed(function, *arguments):
    start = time.perf_counter_ns()
    function(*arguments)
    return time.perf_counter_ns() - start


def say(net, forward_ms, backward_ms, rounds):
    """The averages, as `caffe time` words them."""
    log.info("Average time per layer: ")
    for name, there, back in zip(net.layer_names, forward_ms, backward_ms, strict=True):
        log.info("%10s\tforward: %.4g ms.", name, statistics.fmean(there))
        if back:
            log.info("%10s\tbackward: %.4g ms.", name, statistics.fmean(back))
    log.info("Average Forward pass: %.4g ms.", sum(map(statistics.fmean, forward_ms)))
    if backward_ms[0]:
        log.info("Average Backward pass: %.4g ms.", sum(map(statistics.fmean, backward_ms)))
        log.info("Average Forward-Backward: %.4g ms.", statistics.fmean(rounds))
    log.info("Total Time: %.4g ms.", sum(rounds))
    log.info("*** Benchmark ends ***")


def table(net, forward_ms, backward_ms):
    """The medians, with the share of the whole and the arithmetic rate."""
    from rich.table import Table

    medians = [[statistics.median(ms) if ms else 0.0 for ms in each] for each in (forward_ms, backward_ms)]
    whole = sum(map(sum, medians)) or 1.0
    out = Table(title=f"{net.name or 'net'}: medians of {len(forward_ms[0])} rounds")
    for column in "layer", "type", "top":
        out.add_column(column, overflow="fold")
    for column in "forward ms", "GFLOP/s", "backward ms", "share":
        out.add_column(column, justify="right")
    for place, there, back in zip(net.places, *medians, strict=True):
        tops = [net.blob_list[t].shape for t in place.tops]
        macs = place.layer.macs([net.blob_list[b].shape for b in place.bottoms], tops)
        rate = f"{2e-6 * macs / there:.1f}" if macs and there else ""
        shape = "x".join(map(str, tops[0])) if tops else ""
        out.add_row(
            place.layer.name,
            place.layer.type,
            shape,
            f"{there:.3f}",
            rate,
            f"{back:.3f}" if back else "",
            f"{(there + back) / whole:.1%}",
        )
    console().print(out)
