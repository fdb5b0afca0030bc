"""python -m tests.kernels.neon FILE ...: tests with vectors, registers and tiles as for NEON, on whatever this is.

Code for 32 registers of 4 floats runs anywhere, if slowly.  The cache must be one of its own (PROTONET_CACHE).
"""

import os
import sys

import llvmlite.binding as llvm

TRIPLE = "aarch64-unknown-linux-gnu"


def play():
    """Only what simd.py believes: all else that looks at the machine sees what it is."""
    assert "protonet.kernels.simd" not in sys.modules
    os.environ["PROTONET_WIDTH"] = "4"
    own = llvm.get_process_triple
    try:
        llvm.get_process_triple = lambda: TRIPLE
        from protonet.kernels import simd
    finally:
        llvm.get_process_triple = own
    assert simd.BY_LANE
    assert simd.FUSED


if __name__ == "__main__":
    play()
    import pytest

    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
