"""Compile all kernels now, so that no later command waits for it.  They are kept in the cache folder it names."""

import time


def arguments(add):
    add("--list", action="store_true", help="name the kernels and where they are kept, compile nothing")


def run(args):
    from protonet.kernels import objects
    from protonet.kernels.catalog import kernels
    from protonet.kernels.prepare import prepare
    from protonet.runtime.system import cores

    every = kernels()
    if args.list:
        for kernel, shared in every:
            print(kernel.symbol(shared))
        print(f"{len(every)} kernels, kept in {objects.folder()}")
        return 0
    start = time.perf_counter()
    made = prepare(every, cores())
    for kernel, shared in every:
        kernel.address(shared)
    print(f"{made} of {len(every)} kernels compiled in {time.perf_counter() - start:.1f} s, kept in {objects.folder()}")
    return 0
