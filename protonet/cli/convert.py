"""Make an LMDB of your own pictures, or of MNIST's files, as Caffe's convert_imageset does.

    protonet convert photos/ -o photos_lmdb --resize 256,256 --shuffle      # photos/CLASS/*.jpg
    protonet convert list.txt -o list_lmdb --root /data/images              # lines of: path label
    protonet convert train-images-idx3-ubyte.gz -o mnist_train_lmdb

A folder's class names, sorted, are the labels 0, 1, ...; they are kept in the database's labels.txt, and for a test set
--labels takes them from there.
"""

import sys

from protonet.cli.run import size
from protonet.errors import ProtonetError


def arguments(add):
    add("source", metavar="SOURCE", help="a folder of class folders, a list file, or an IDX file of images")
    add("--output", "-o", required=True, metavar="DB", help="the database to write (a folder)")
    add("--gray", action="store_true", help="grey images")
    add("--resize", metavar="H,W", help="resize every image")
    add("--resize_height", type=int, metavar="H", help="Caffe's spelling of --resize")
    add("--resize_width", type=int, metavar="W", help="Caffe's spelling of --resize")
    add("--shuffle", action="store_true", help="in random order (--seed)")
    add("--seed", type=int, default=0, help="of the random order (default: 0)")
    add("--encoded", action="store_true", help="keep images encoded")
    add("--encode_type", default="", metavar="png|jpg", help="encode images so")
    add("--root", default="", metavar="DIR", help="folder that the paths of a list start at (default: the list's own)")
    add(
        "--labels",
        default="",
        metavar="FILE",
        help="labels of an IDX file; or a labels.txt, for a folder's order of classes",
    )
    add("--overwrite", action="store_true", help="replace the database if it is there")


def run(args):
    from protonet.cli.progress import counting
    from protonet.data.convert import convert

    resize = size(args.resize)
    if bool(args.resize_height) != bool(args.resize_width):
        raise ProtonetError("--resize_height and --resize_width are given together")
    if args.resize_height:
        resize = args.resize_height, args.resize_width
    with counting("converting", None) as done:
        result = convert(
            args.source,
            args.output,
            gray=args.gray,
            resize=resize,
            shuffle=args.shuffle,
            seed=args.seed,
            encoded=args.encoded,
            encode_type=args.encode_type,
            root=args.root,
            labels=args.labels,
            overwrite=args.overwrite,
            progress=done,
        )
    for path in result.skipped:
        print(f"left out, no image: {path}", file=sys.stderr)
    classes = f" of {len(result.classes)} classes" if result.classes else ""
    print(f"{args.output}: {result.count} images{classes}")
    return 0
