"""Compile a deploy net for this machine and write it to one file, which runs without prototxt and weights.

    protonet compile deploy.prototxt deploy.caffemodel -o net.program
    protonet run net.program cat.jpg

The file holds the plan, packed weights, what is done to images, and the folded net: on a machine with other vectors or
another version of protonet the net is planned again, and runs all the same.  Load such files, like programs, only from
where you trust.
"""

import time
from pathlib import Path

from protonet.cli import positive


def arguments(add):
    from protonet.cli.run import preprocessing

    add("net", metavar="NET", help="the deploy net (.prototxt)")
    add("weights", metavar="WEIGHTS", help="its weights (.caffemodel, .caffemodel.h5)")
    add("-o", "--output", required=True, metavar="FILE", help="the program to write")
    add("--batch", type=int, metavar="N", help="images at once to plan for (default: the net's own)")
    add("--blobs", default="", metavar="A,B", help="further blobs to return")
    add("--exact", action="store_true", help="no algorithm that is less exact than the plain sums")
    add("--tune", action="store_true", help="choose algorithms by measuring them here, once")
    add("--allow-missing", action="store_true", help="parameters that the weights lack are made by their fillers")
    preprocessing(add)


def run(args):
    from protonet import model
    from protonet.cli.run import mean, size

    if args.batch is not None:
        positive("--batch", args.batch)
    begun = time.perf_counter()
    loaded = model.load(
        args.net,
        args.weights,
        mean=mean(args.mean),
        scale=args.scale,
        resize=size(args.resize),
        rgb=args.rgb,
        keep=[name for name in args.blobs.split(",") if name],
        batch=args.batch,
        exact=args.exact,
        tune=args.tune,
        allow_missing=args.allow_missing,
    )
    loaded.save(args.output)
    written = Path(args.output).stat().st_size
    print(loaded.program.memory())
    print(f"wrote {args.output}: {written / 1e6:.1f} MB, in {time.perf_counter() - begun:.2f} s")
    return 0
