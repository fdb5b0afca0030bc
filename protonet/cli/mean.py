"""The mean image of a database, as a mean.binaryproto for transform_param { mean_file } or an .npy.

    protonet mean photos_lmdb -o mean.binaryproto

Prints the mean of each channel too: what mean_value takes.
"""


def arguments(add):
    add("database", metavar="DB", help="the database (LMDB or LevelDB)")
    add("--output", "-o", metavar="FILE", help="where to write: .binaryproto or .npy (default: print only)")


def run(args):
    from protonet.cli.progress import counting
    from protonet.data.mean import mean_image
    from protonet.io import save_mean

    with counting("averaging", None) as done:
        mean = mean_image(args.database, progress=done)
    for i, value in enumerate(mean.mean((1, 2))):
        print(f"mean_value channel [{i}]: {value:g}")
    if args.output:
        save_mean(args.output, mean)
        print(f"wrote {args.output} ({'x'.join(map(str, mean.shape))})")
    return 0
