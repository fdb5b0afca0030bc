"""Score a trained net on its test data: the mean of every output over some batches.

    protonet test -model train_val.prototxt -weights lenet_iter_1000.caffemodel -iterations 100
    protonet test deploy.prototxt deploy.caffemodel --data test_lmdb

With --data a deploy net is scored too: its outputs against the labels of the database, top 1 and top 5.
Of several files of weights the last that has a layer counts.  Parameters that none of them has are refused.
"""

import logging
from typing import Any

from protonet.cli import positive
from protonet.cli.train import split
from protonet.errors import ProtonetError

log = logging.getLogger(__name__)


def arguments(add):
    add("net", nargs="?", metavar="NET", help="the net (.prototxt)")
    add("trained", nargs="?", metavar="WEIGHTS", help="its weights (.caffemodel, .caffemodel.h5)")
    add("--model", metavar="NET", help="the net, as Caffe spells it")
    add("--weights", metavar="A,B", help="the weights, as Caffe spells it")
    add("--iterations", type=int, default=50, help="batches to run (default: 50)")
    add("--data", metavar="LMDB", help="score a deploy net on this database")
    add("--batch", type=int, default=64, help="batch size with --data (default: 64)")
    add("--gpu", default="", help="accepted; the CPU is used")
    add("--phase", default="TEST", choices=["TEST", "TRAIN"], help="phase of the net (default: TEST)")
    add("--level", type=int, default=0, help="level of the net's state")
    add("--stage", default="", metavar="A,B", help="stages of the net's state")
    add("--allow-missing", action="store_true", help="go on although parameters have no weights in the file")


def chosen(args):
    """(net, weights), from either spelling."""
    net, weights = args.net or args.model, args.trained or args.weights
    if not net:
        raise ProtonetError("give the net: protonet test NET WEIGHTS, or -model NET -weights WEIGHTS")
    if not weights:
        raise ProtonetError("give the trained weights: protonet test NET WEIGHTS, or -weights WEIGHTS")
    return net, split(weights)


def run(args):
    logging.getLogger("protonet").setLevel(logging.INFO)
    path, weights = chosen(args)
    positive("--iterations", args.iterations)
    positive("--batch", args.batch)
    if args.data:
        return score(args, path, weights)
    import protonet
    from protonet.cli.progress import counting
    from protonet.net import describe, exchange, notes
    from protonet.solvers.words import number

    if args.gpu:
        notes.once(notes.GPU)
    log.info("Use CPU.")
    phase = protonet.TRAIN if args.phase == "TRAIN" else protonet.TEST
    net = protonet.Net(path, phase=phase, level=args.level, stages=split(args.stage), trains=False)
    fresh = [net.copy_from(each).fresh for each in weights]
    missing = [name for name in fresh[0] if all(name in names for names in fresh)]
    if missing and not args.allow_missing:
        raise exchange.missing(missing, ", ".join(weights))
    describe.say(net)
    log.info("Running for %d iterations.", args.iterations)
    sums: dict[str, Any] = {}
    loss = 0.0
    with counting("testing", args.iterations) as done:
        for i in range(args.iterations):
            loss += net.forward_layers()
            done(i + 1)
            for name in net.outputs:
                flat = net.blobs[name].data.ravel()
                sums[name] = sums.get(name, 0) + flat.astype("f8")
                for value in flat:
                    log.info("Batch %d, %s = %s", i, name, number(value))
    log.info("Loss: %s", number(loss / args.iterations))
    loss_weights = net.blob_loss_weights
    for name, total in sums.items():
        weight = loss_weights[name]
        for mean in total / args.iterations:
            tail = f" (* {number(weight)} = {number(weight * mean)} loss)" if weight else ""
            log.info("%s = %s%s", name, number(mean), tail)
    return 0


def score(args, path, weights):
    """Top 1 and top 5 of a deploy net on a database."""
    from protonet import io, model
    from protonet.cli.progress import counting
    from protonet.score import score as scored

    held = io.Weights(source=", ".join(weights))
    for each in weights:
        held.update({name: arrays for name, arrays in io.load_weights(each).items() if arrays})
    loaded = model.load(path, held, allow_missing=args.allow_missing)
    with counting("testing", None) as done:
        result = scored(loaded, args.data, batch=args.batch, progress=done)
    for k, share in result.top.items():
        print(f"accuracy top {k} = {share:.4f}")
    print(f"{result.count} images of {args.data}, output '{result.output}'")
    return 0
