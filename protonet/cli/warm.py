"""Compile now, so that no later command waits for it: what the named nets and solvers need, or all that most will.

    protonet warm                                   # all kernels, and the families' members that nets use: some minutes
    protonet warm solver.prototxt deploy.prototxt   # what training and serving these take
    protonet warm --list
    protonet warm --clean                           # remove what no version or machine in use asks for

Code is kept in a cache folder, which the environment variable PROTONET_CACHE may name: else ~/.cache/protonet (Linux;
XDG_CACHE_HOME is obeyed), ~/Library/Caches/protonet (macOS), %LOCALAPPDATA%\\protonet\\Cache (Windows).
"""

import time
from pathlib import Path


def arguments(add):
    add("files", nargs="*", metavar="FILE", help="nets and solvers (.prototxt)")
    add("--list", action="store_true", help="name all kernels and where they are kept, compile nothing")
    add("--clean", action="store_true", help="remove code of other sources, and of machines not seen for --days")
    add("--days", type=int, default=90, metavar="N", help="when another machine's code counts as old (default: 90)")


def run(args):
    from protonet.kernels import objects

    start = time.perf_counter()
    if args.clean:
        return cleaned(args.days)
    if args.files and not args.list:
        for path in args.files:
            print(f"{path}: {prepared(path)} kernels compiled")
        print(f"{time.perf_counter() - start:.1f} s, kept in {objects.folder()}")
        return 0
    from protonet.kernels.catalog import kernels

    every = kernels()
    if args.list:
        for kernel, shared in every:
            print(kernel.symbol(shared))
        print(f"{len(every)} kernels, kept in {objects.folder()}")
        return 0
    from protonet.kernels.prepare import prepare
    from protonet.runtime.system import cores

    every = list(dict.fromkeys([*every, *families()]))
    made = prepare(every, cores())
    for kernel, shared in every:
        kernel.address(shared)
    print(f"{made} of {len(every)} kernels compiled in {time.perf_counter() - start:.1f} s, kept in {objects.folder()}")
    return 0


def families():
    """The (kernel, shared) that nets of the usual kind ask for."""
    from protonet.engine import warm
    from protonet.runtime import plan

    lots, _ = warm.usual()
    return dict.fromkeys(code for steps, places in lots for code in sorted(plan.codes(steps, places), key=name))


def name(code):
    kernel, shared = code
    return kernel.symbol(shared)


def prepared(path):
    """Have what a solver, or a net in both phases, in training and as a program, needs; how much was missing."""
    import protonet
    from protonet.engine import warm
    from protonet.prototxt import parse
    from protonet.runtime.execute import ready

    try:
        kind = parse.kind_of(Path(path).read_text("utf-8", "replace"))
    except OSError as error:
        raise protonet.ProtonetError(f"cannot be read: {error.strerror}", path) from None
    if kind == "SolverParameter":
        return protonet.get_solver(path).compile()
    lots, _ = warm.of_net(path)
    return ready(lots)


def cleaned(days):
    from protonet.engine import tune
    from protonet.kernels import clean, objects

    count, size = clean.clean(days, current={tune.file().name})
    print(f"{count} files removed, {size / 1e6:.1f} MB, from {objects.root()}")
    return 0
