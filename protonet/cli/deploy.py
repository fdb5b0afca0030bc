"""Write a trained net as it will be served: no data, loss or accuracy, BatchNorm folded away, proven to be equal.

    protonet deploy train_val.prototxt iter_10000.caffemodel -o out/resnet

writes out/resnet.prototxt and out/resnet.caffemodel, plain Caffe files.  Before that the two nets are run on random
input of several scales, and on a batch of the training net's own data if they can be read, and compared at every blob
that both have; above the tolerance nothing is written.
"""

from protonet.cli import positive
from protonet.cli.train import split
from protonet.errors import ProtonetError


def arguments(add):
    add("net", metavar="NET", help="the trained net (.prototxt)")
    add("weights", metavar="WEIGHTS", help="its weights (.caffemodel, .caffemodel.h5)")
    add("--output", "-o", required=True, metavar="OUT", help="where to write: OUT.prototxt and OUT.caffemodel")
    add("--batch", type=int, metavar="N", help="images at once (default: 1)")
    add("--input", action="append", default=[], metavar="NAME=N,C,H,W", help="shape of an input (may be repeated)")
    add("--keep", default="", metavar="A,B", help="blobs to end at, instead of all that losses and nobody read")
    add("--level", type=int, default=0, help="level of the net's state")
    add("--stage", default="", metavar="A,B", help="stages of the net's state")
    add("--skip", action="append", default=[], metavar="PASS", help="leave out a pass (may be repeated)")
    add(
        "--tolerance",
        type=float,
        default=1e-4,
        help="largest difference allowed, of a blob's largest number (default: 1e-4)",
    )
    add("--samples", metavar="FILE.npz", help="real inputs to prove with as well, by the names of the inputs")
    add("--allow-missing", action="store_true", help="parameters that the weights lack are made by their fillers")
    add("--ignore-unknown", action="store_true", help="unknown fields are warnings")


def run(args):
    import protonet
    from protonet.io.arrays import load_npz

    if args.batch is not None:
        positive("--batch", args.batch)
    deployed = protonet.deploy(
        args.net, args.weights, level=args.level, stages=split(args.stage), inputs=dict(map(shape, args.input)),
        batch=args.batch, outputs=split(args.keep), skip=args.skip, tolerance=args.tolerance,
        samples=load_npz(args.samples) if args.samples else None, allow_missing=args.allow_missing,
        ignore_unknown=args.ignore_unknown,
    )  # fmt: skip
    report(deployed, args.verbose)
    for path in deployed.save(args.output):
        print(f"wrote {path}")
    return 0


def report(deployed, verbose=False):
    """What was folded, what was not and why, and the proof."""
    for note in deployed.journal.done if verbose else deployed.folded:
        print(f"  {note}")
    for note in deployed.left:
        print(f"  {note}")
    before, after = len(deployed.folded), len(deployed.definition.layer)
    print(f"{before} folded; {after} layers are left, {deployed.weights.count:,} weights")
    if deployed.proof is None:
        return
    print(f"proof: {deployed.proof}")
    for note in deployed.proof.notes:
        print(f"  note: {note}")


def shape(text):
    """--input data=1,3,224,224"""
    name, _, sizes = text.partition("=")
    parts = sizes.replace("x", ",").split(",")
    if not name or not all(part.strip().isdigit() for part in parts):
        raise ProtonetError(f"--input takes NAME=N,C,H,W, found '{text}'")
    return name, tuple(map(int, parts))
