"""HDF5Output: writes its two bottoms to an HDF5 file, as datasets "data" and "label" with four axes.

The file is made anew by the first pass; each further pass adds its rows.  (Caffe's second pass dies.)
"""

import weakref
from pathlib import Path

from protonet.errors import DataError, NetError
from protonet.layers.base import TRAIN, Layer, register


@register("HDF5Output", spec="hdf5_output_param")
class HDF5Output(Layer):
    bottoms, tops = 2, 0

    def __init__(self, param, phase=TRAIN):
        super().__init__(param, phase)
        if not self.spec.file_name:
            raise NetError("HDF5Output needs hdf5_output_param.file_name")
        self.file = None

    def infer(self, data, label):
        if data[:1] != label[:1]:
            raise NetError(f"data and label must have the same number of rows, found {data} and {label}")
        for shape in (data, label):
            if len(shape) > 4:
                raise NetError(f"HDF5Output writes blobs of up to 4 axes, found {shape}")
        return []

    def forward(self, emit, data, label):
        emit.host(self.write, data, label, out=())

    def backward(self, emit, *blobs):
        """It sends no gradient."""

    def write(self, *arrays):
        import h5py

        if self.file is None:
            try:
                Path(self.spec.file_name).parent.mkdir(parents=True, exist_ok=True)
                self.file = h5py.File(self.spec.file_name, "w")
            except OSError as error:
                raise DataError(f"cannot be written ({error})", self.spec.file_name) from None
            weakref.finalize(self, self.file.close)
        for name, array in zip(("data", "label"), arrays, strict=True):
            rows = array.reshape(*array.shape, *[1] * (4 - array.ndim))
            if name not in self.file:
                self.file.create_dataset(name, data=rows, maxshape=(None, *rows.shape[1:]))
                continue
            dataset = self.file[name]
            dataset.resize(len(dataset) + len(rows), axis=0)
            dataset[-len(rows) :] = rows
        self.file.flush()
