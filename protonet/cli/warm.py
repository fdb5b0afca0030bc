"""Compile now, so that no later command waits for it: what the named nets and solvers need, or all kernels there are.

    protonet warm                                   # all, but those whose size a net decides: some minutes
    protonet warm solver.prototxt deploy.prototxt   # what training and serving these take
    protonet warm --list

Code is kept in a cache folder, which the environment variable PROTONET_CACHE may name.
"""

import time
from pathlib import Path


def arguments(add):
    add("files", nargs="*", metavar="FILE", help="nets and solvers (.prototxt)")
    add("--list", action="store_true", help="name all kernels and where they are kept, compile nothing")


def run(args):
    from protonet.kernels import objects

    start = time.perf_counter()
    if args.files and not args.list:
        for path in args.files:
            print(f"{path}: {prepared(path)} kernels compiled")
        print(f"{time.perf_counter() - start:.1f} s, kept in {objects.folder()}")
        return 0
    from protonet.kernels.catalog import kernels
    from protonet.kernels.prepare import prepare
    from protonet.runtime.system import cores

    every = kernels()
    if args.list:
        for kernel, shared in every:
            print(kernel.symbol(shared))
        print(f"{len(every)} kernels, kept in {objects.folder()}")
        return 0
    made = prepare(every, cores())
    for kernel, shared in every:
        kernel.address(shared)
    print(f"{made} of {len(every)} kernels compiled in {time.perf_counter() - start:.1f} s, kept in {objects.folder()}")
    return 0


def prepared(path):
    """Have what a solver, or a net in both phases and as a program, needs; how many kernels were missing."""
    import protonet
    from protonet.prototxt import parse
    from protonet.runtime.execute import ready

    try:
        kind = parse.kind_of(Path(path).read_text("utf-8", "replace"))
    except OSError as error:
        raise protonet.ProtonetError(f"cannot be read: {error.strerror}", path) from None
    if kind == "SolverParameter":
        return protonet.get_solver(path).compile()
    nets = [protonet.Net(path, phase=phase, fill=False) for phase in (protonet.TRAIN, protonet.TEST)]
    made = ready([net.planned().lot for net in nets])
    if nets[1].inputs and not any(place.layer.source for place in nets[1].places if place.layer.type != "Input"):
        protonet.compile(path, {}, allow_missing=True)
    return made
