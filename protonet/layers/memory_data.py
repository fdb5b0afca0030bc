"""MemoryData: rows of arrays that the program gives (net.set_input_arrays), batch by batch, over and over.

tops: data (N, C, H, W) and labels (N, 1, 1, 1), as Caffe shapes them.  The arrays are taken as they are:
transform_param has no say, as in Caffe, which warns of it too.
"""

import logging

import numpy as np

from protonet.errors import DataError, NetError
from protonet.layers.base import TRAIN, Layer, register

log = logging.getLogger(__name__)
SIZES = "batch_size", "channels", "height", "width"


@register("MemoryData", spec="memory_data_param")
class MemoryData(Layer):
    bottoms, tops, source = 0, 2, True

    def __init__(self, param, phase=TRAIN):
        super().__init__(param, phase)
        for name in SIZES:
            if not getattr(self.spec, name):
                raise NetError(f"MemoryData needs memory_data_param.{name}")
        self.data: np.ndarray | None = None
        self.labels: np.ndarray | None = None
        self.at = 0

    def infer(self):
        n, *image = (getattr(self.spec, name) for name in SIZES)
        return [(n, *image), (n, 1, 1, 1)]

    def set_arrays(self, data, labels):
        """data (M, C, H, W), labels (M,) or (M, 1, 1, 1): M a multiple of the batch size; read at each pass."""
        (n, *image), _ = self.infer()
        data, labels = np.asarray(data), np.asarray(labels)
        if data.shape[1:] != tuple(image) or not len(data) or len(data) % n:
            raise DataError(
                f"expected a multiple of {n} (the batch size) rows of {tuple(image)}, found an array {data.shape}"
            )
        if labels.size != len(data):
            raise DataError(f"expected a label for each of {len(data)} rows, found {labels.size}")
        if self.param.HasField("transform_param"):
            log.warning("layer '%s': transform_param does nothing to arrays given to MemoryData", self.name)
        self.data, self.labels, self.at = data, labels.reshape(-1, 1, 1, 1), 0

    def forward(self, emit, data, labels):
        emit.host(self.fill, data, labels)

    def fill(self, data, labels):
        if self.data is None or self.labels is None:
            raise DataError("has no data: call net.set_input_arrays(data, labels) first")
        rows = slice(self.at, self.at + len(data))
        data[...], labels[...] = self.data[rows], self.labels[rows]
        self.at = (self.at + len(data)) % len(self.data)
