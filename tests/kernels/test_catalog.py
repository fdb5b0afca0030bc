"""What all kernels keep to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from protonet.kernels.catalog import kernels
from protonet.kernels.jit import Kernel

CODE = """
import sys
from protonet.kernels.catalog import kernels
kernels()
assert "numba" not in sys.modules
"""


def test_declaring_kernels_needs_no_numba():
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", CODE], env=environment, check=True, timeout=60)


@pytest.mark.parametrize("each", sorted({k for k, _ in kernels() if isinstance(k, Kernel)}, key=lambda k: k.name))
def test_a_kernel_writes_something_and_what_may_share_is_of_one_type(each):
    assert each.out
    for y, x in each.pairs:
        assert y in each.out or x in each.out
        assert each.types[y].dtype == each.types[x].dtype


def test_each_way_of_sharing_is_listed_once():
    symbols = [kernel.symbol(shared) for kernel, shared in kernels()]
    assert len(symbols) == len(set(symbols))
    assert {"pointwise.add", "pointwise.add.y_is_a", "pointwise.add.y_is_a.y_is_b", "walk.lead"} <= set(symbols)
