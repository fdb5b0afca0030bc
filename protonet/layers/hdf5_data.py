"""HDF5Data: rows of HDF5 files that a list names.  Each top is the dataset of its name, with any axes, as float32."""

from protonet.data.hdf5 import Hdf5Batches
from protonet.errors import NetError
from protonet.layers.base import TRAIN, register
from protonet.layers.fed import Fed
from protonet.prototxt.paths import find


@register("HDF5Data", spec="hdf5_data_param")
class HDF5Data(Fed):
    tops = 1, None

    def __init__(self, param, phase=TRAIN):
        super().__init__(param, phase)
        if param.HasField("transform_param"):
            raise NetError("HDF5Data does not transform: prepare the numbers in the file, and drop transform_param")

    @staticmethod
    def open_batches(param, phase, folder, draws):
        spec = param.hdf5_data_param
        return Hdf5Batches(find(spec.source, folder), list(param.top), spec.batch_size, spec.shuffle, draws)
