"""All kernels there are, for compiling them ahead (`protonet warm`) and for tests that ask something of each."""

import importlib
import pkgutil

import protonet.kernels
from protonet.kernels.jit import HOME, KERNELS, Kernel

COMPILER = "compile", "array"  # these import numba


def kernels():
    """(kernel, shared) of everything below protonet.kernels: apart, each pair at one place, and all of them."""
    for each in pkgutil.walk_packages(protonet.kernels.__path__, HOME):
        if each.name.removeprefix(HOME) not in COMPILER:
            importlib.import_module(each.name)
    found = []
    for kernel in KERNELS.values():
        if kernel.module.startswith(HOME):
            pairs = kernel.pairs if isinstance(kernel, Kernel) else []
            ways = dict.fromkeys([(), *((pair,) for pair in pairs), tuple(pairs)])
            found += [(kernel, shared) for shared in ways]
    return found
