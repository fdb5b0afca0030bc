"""MatWrite: writes each bottom i to the MAT file `prefix`NAME_blob_i.mat, as the array "data".              (DeepLab)

NAME is iter_0, iter_1, ...; or with `source`, a list of files, its next line up to the first blank, less its last
`strip` letters.  Every period-th pass writes.  mat_write_layer.cpp of DeepLab.  The array is W x H x C x N in MATLAB.
"""

from pathlib import Path

from protonet.errors import DataError, NetError
from protonet.io import matlab
from protonet.layers.base import TRAIN, Layer, register


@register("MatWrite", spec="mat_write_param")
class MatWrite(Layer):
    bottoms, tops = (1, None), 0

    def __init__(self, param, phase=TRAIN):
        super().__init__(param, phase)
        if self.spec.period < 1 or self.spec.strip < 0:
            raise NetError(f"period is at least 1, strip at least 0: found {self.spec.period} and {self.spec.strip}")
        self.passes = 0
        self.names: list[str] | None = None

    def infer(self, *shapes):
        return []

    def forward(self, emit, *blobs):
        emit.host(self.write, *blobs, out=())

    def backward(self, emit, *blobs):
        """It sends no gradient."""

    def named(self, k):
        """What pass k writes is named for."""
        if not self.spec.source:
            return f"iter_{k}"
        if self.names is None:
            self.names = self.listed()
        if k >= len(self.names):
            raise DataError(f"lists {len(self.names)} names, and this is pass {k + 1}", self.spec.source)
        return self.names[k]

    def listed(self):
        places = Path(self.spec.source), Path(self.folder, self.spec.source)
        try:
            lines = next(filter(Path.exists, places), places[0]).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"the list of names cannot be read ({error})", self.spec.source) from None
        words = [(line.split() or [""])[0] for line in lines]
        if any(len(word) <= self.spec.strip for word in words):
            raise DataError(
                f"has names of no more than the {self.spec.strip} letters that strip takes", self.spec.source
            )
        return [word[: len(word) - self.spec.strip] for word in words]

    def write(self, *arrays):
        k, self.passes = self.passes, self.passes + 1
        if k % self.spec.period:
            return
        stem = Path(f"{self.spec.prefix}{self.named(k)}")
        stem.parent.mkdir(parents=True, exist_ok=True)
        for i, array in enumerate(arrays):
            matlab.write(Path(f"{stem}_blob_{i}.mat"), "data", array.reshape(*array.shape, *[1] * (4 - array.ndim)))
