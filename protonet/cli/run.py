"""Use a net on images or arrays: the best classes of each, or any blob in a file.

    protonet run deploy.prototxt deploy.caffemodel cat.jpg dog.png --labels synset.txt
    protonet run deploy.prototxt deploy.caffemodel faces/*.png --blobs fc7 -o fc7.npz
    protonet run deploy.prototxt deploy.caffemodel batch.npy --json
    protonet run net.program cat.jpg                        # a file that `protonet compile` wrote

Files: images, .npy, .npz.  What was done to images in training stands in the deploy prototxt, where `protonet deploy`
put it; the flags say it for nets that come from elsewhere.
"""

import json
from pathlib import Path

import numpy as np

from protonet.cli import positive
from protonet.errors import DataError, ProtonetError


def arguments(add):
    add("net", metavar="NET", help="the deploy net (.prototxt), or a compiled program")
    add("weights", metavar="WEIGHTS", nargs="?", help="its weights (.caffemodel, .caffemodel.h5); a program has them")
    add("files", nargs="*", metavar="FILE", help="images, .npy or .npz")
    preprocessing(add)
    add("--labels", metavar="FILE", help="names of the classes, one a line (default: labels.txt beside the net)")
    add("--top", type=int, default=5, metavar="K", help="classes to print (default: 5)")
    add("--output", metavar="BLOB", help="the blob that holds the scores (default: the net's first output)")
    add("--blobs", default="", metavar="A,B", help="blobs to save, with -o")
    add("-o", dest="save", metavar="FILE.npz", help="where to save blobs")
    add("--batch", type=int, default=16, help="files to run at once (default: 16)")
    add("--json", action="store_true", help="print JSON, a line for each file")
    add("--allow-missing", action="store_true", help="go on although parameters have no weights in the file")


def preprocessing(add):
    """What is done to images, where the prototxt does not say it."""
    add("--mean", metavar="B,G,R|FILE", help="mean to subtract: a value, one per channel, or a mean file")
    add("--scale", type=float, help="factor after the mean")
    add("--resize", metavar="H,W", help="size of images before the middle is taken (default: the net's own)")
    add("--rgb", action="store_true", help="the net was trained on red first")


def run(args):
    from protonet import model
    from protonet.cli.progress import counting

    positive("--top", args.top)
    positive("--batch", args.batch)
    blobs = [name for name in args.blobs.split(",") if name]
    if blobs and not args.save:
        raise ProtonetError("--blobs needs -o FILE.npz to save them in")
    weights, files = sorted_out(args)
    loaded = model.load(
        args.net,
        weights,
        mean=mean(args.mean),
        scale=args.scale,
        resize=size(args.resize),
        rgb=args.rgb,
        keep=blobs,
        **({"batch": min(len(files), args.batch), "allow_missing": args.allow_missing} if weights else {}),
    )
    output = args.output or next(iter(loaded.outputs))
    if output not in loaded.outputs:
        raise DataError(f"the net has no output '{output}': it has {', '.join(loaded.outputs)}")
    names = labels(args)
    kept: dict[str, list] = {name: [] for name in blobs}
    with counting("running", len(files)) as done:
        for at, rows, result in results(loaded, files, args.batch):
            for i, file in rows:
                if not args.save or args.json:
                    say(file, result[output][i], names, args)
            for name in blobs:
                kept[name].append(result[name])
            done(at)
    if args.save:
        save(args, blobs, kept)
    return 0


def sorted_out(args):
    """(weights, files): of a program, whose weights lie in it, all that follows are files."""
    from protonet.engine.archive import is_program

    program = is_program(args.net)
    files = [args.weights, *args.files] if program and args.weights else args.files
    if not files:
        after = args.net if program else f"{args.net} {args.weights or 'WEIGHTS'}"
        raise ProtonetError(f"nothing to run it on: protonet run {after} FILE ...")
    return None if program else args.weights, files


def results(model, files, batch):
    """(files done, [(row, name)], outputs) of each batch; an array file is a batch of its own."""
    images: list[str] = []
    for at, file in enumerate(files):
        if Path(file).suffix in (".npy", ".npz"):
            if images:
                yield at, list(enumerate(images)), model(images)
                images = []
            out = model(file)
            rows = len(next(iter(out.values())))
            yield at + 1, [(i, f"{file}[{i}]" if rows > 1 else file) for i in range(rows)], out
            continue
        images.append(file)
        if len(images) == batch:
            yield at + 1, list(enumerate(images)), model(images)
            images = []
    if images:
        yield len(files), list(enumerate(images)), model(images)


def say(file, scores, names, args):
    """The best classes of one row, as text or JSON; a map of scores only as its shape."""
    flat = np.asarray(scores).ravel()
    best = np.argsort(-flat, kind="stable")[: args.top]
    found = [{"class": int(k), "label": names.get(int(k), str(k)), "score": float(flat[k])} for k in best]
    if args.json:
        print(json.dumps({"file": file, "top": found}))
        return
    print(f"{file}")
    for each in found:
        print(f"  {each['score']:8.4f}  {each['label']}")


def save(args, blobs, kept):
    from protonet.io.arrays import save_npz

    if not blobs:
        raise ProtonetError("-o needs --blobs: the names of the blobs to save")
    arrays = {name: np.concatenate(parts) for name, parts in kept.items()}
    save_npz(args.save, arrays)
    for name, array in arrays.items():
        print(f"{args.save}: {name} {'x'.join(map(str, array.shape))}")


def labels(args):
    """{class: name}, from --labels or a labels.txt beside the net."""
    path = Path(args.labels) if args.labels else Path(args.net).parent / "labels.txt"
    if not args.labels and not path.exists():
        return {}
    try:
        return dict(enumerate(path.read_text("utf-8").splitlines()))
    except OSError as error:
        raise DataError(f"the labels cannot be read: {error.strerror}", path) from None


def mean(text):
    """--mean: numbers, or a file."""
    if not text:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return Path(text)


def size(text):
    if not text:
        return None
    parts = text.replace("x", ",").split(",")
    if not all(part.isdigit() for part in parts) or len(parts) > 2:
        raise ProtonetError(f"--resize takes H,W, found '{text}'")
    return int(parts[0]), int(parts[-1])
