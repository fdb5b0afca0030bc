"""What every test may ask for: the shared data (Caffe's numbers, real prototxts, MNIST), and one seed.

The shared data lies outside the checkout: in the folder PROTONET_SHARED names, or in `shared` beside the
checkout.  A test that needs it skips, and says why, where it is absent.
"""

import os
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(os.environ.get("PROTONET_SHARED") or Path(__file__).resolve().parents[2] / "shared")
GOLDEN, CORPUS, MNIST = SHARED / "golden", SHARED / "corpus", SHARED / "data" / "mnist"


def needs(path):
    """A mark for tests of what lies at `path`: `@needs(GOLDEN / "phases")`."""
    return pytest.mark.skipif(not path.exists(), reason=f"{path} is absent (set PROTONET_SHARED)")


def files(folder, *patterns):
    """The files below `folder` whose names match, sorted; none where it is absent (usable in parametrize)."""
    return sorted({path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()})


def _present(path):
    if not path.exists():
        pytest.skip(f"{path} is absent (set PROTONET_SHARED)")
    return path


@pytest.fixture
def shared():
    return _present(SHARED)


@pytest.fixture
def golden():
    """Folder of what BVLC Caffe computed."""
    return _present(GOLDEN)


@pytest.fixture
def corpus():
    """Folder of real prototxts, OWNER+REPO/path."""
    return _present(CORPUS)


@pytest.fixture
def mnist():
    """Folder of the four MNIST idx files, gzipped."""
    return _present(MNIST)


@pytest.fixture
def rng():
    """The one source of randomness: a failing test fails again."""
    return np.random.default_rng(20)
