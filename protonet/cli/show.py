"""What a net is made of: layers, shapes, parameters, multiply-adds.

    protonet show train_val.prototxt --phase TRAIN
    protonet show deploy.prototxt --weights deploy.caffemodel
    protonet show net.prototxt --text

With --weights: the layers whose parameters the file fills (copied), those of the file that the net has not (ignored),
and those of the net that the file has not (fresh).
"""

from protonet.cli.progress import console
from protonet.cli.train import split


def arguments(add):
    add("net", metavar="NET", help="the net (.prototxt)")
    add("--weights", default="", metavar="A,B", help="weights to compare it with")
    add("--phase", default="TEST", choices=["TRAIN", "TEST"], help="phase of the net (default: TEST)")
    add("--level", type=int, default=0, help="level of the net's state")
    add("--stage", default="", metavar="A,B", help="stages of the net's state")
    add("--text", action="store_true", help="print the prototxt of this phase, upgraded, instead")
    add("--ignore-unknown", action="store_true", help="unknown fields are warnings")


def run(args):
    import protonet

    phase = getattr(protonet, args.phase)
    if args.text:
        from protonet.graph.read import read
        from protonet.prototxt.write import dumps

        definition = read(args.net, phase, args.level, split(args.stage), ignore_unknown=args.ignore_unknown)
        definition.net.ClearField("state")
        print(dumps(definition.net, plain=True), end="")
        return 0
    net = protonet.Net(
        args.net,
        phase=phase,
        level=args.level,
        stages=split(args.stage),
        ignore_unknown=args.ignore_unknown,
        fill=False,
    )
    table(net, args.phase)
    for path in split(args.weights):
        told(path, net.copy_from(path, allow_missing=True))
    return 0


def told(path, match):
    """Which layers of a file go where."""
    print(f"{path}:")
    for what, names in ("copied", match.copied), ("ignored", match.ignored), ("fresh", match.fresh):
        print(f"  {what:<8}{len(names):>4}  {', '.join(names)}".rstrip())


def table(net, phase):
    from rich.table import Table

    out = Table(title=f"{net.name or 'net'} ({phase})")
    for column in "layer", "type", "bottoms", "tops", "shape of the tops", "parameters":
        out.add_column(column, overflow="fold")
    for column in "weights", "MMAC":
        out.add_column(column, justify="right")
    weights = macs = 0
    for place, blobs in zip(net.places, net.layer_blobs, strict=True):
        shapes = [net.blob_list[t].shape for t in place.tops]
        mine = place.layer.macs([net.blob_list[b].shape for b in place.bottoms], shapes)
        count = sum(blob.count for blob in blobs if net.parameters.owned(blob))
        weights, macs = weights + count, macs + mine
        out.add_row(
            place.layer.name, place.layer.type,
            *(" ".join(net.blob_names[b] for b in side) for side in (place.bottoms, place.tops)),
            " ".join(size(s) for s in shapes), " ".join(size(blob.shape) for blob in blobs),
            f"{count:,}" if count else "", f"{mine / 1e6:,.2f}" if mine else "",
        )  # fmt: skip
    console().print(out)
    activations = sum(blob.count for blob in net.blob_list)
    mib = weights * 4 / 2**20
    print(f"{len(net.places)} layers, {weights:,} weights ({mib:.1f} MiB), {macs / 1e6:,.1f} million multiply-adds")
    print(f"blobs: {activations:,} numbers ({activations * 4 / 2**20:.1f} MiB)")
    print(f"inputs: {', '.join(net.inputs) or 'none'}; outputs: {', '.join(net.outputs) or 'none'}")


def size(shape):
    return "x".join(map(str, shape)) or "scalar"
