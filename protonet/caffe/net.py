"""Net as pycaffe shows it: the core net, with pycaffe's arguments and names.  (Caffe: python/caffe/pycaffe.py.)"""

from collections import OrderedDict
from itertools import zip_longest
from typing import Any

import numpy as np

from protonet.errors import DataError, NetError
from protonet.net import exchange
from protonet.net import net as core


class NetLayer:
    """One layer of a net: its type, its name and its parameter blobs."""

    def __init__(self, layer, blobs):
        self.layer, self.type, self.name, self.blobs = layer, layer.type, layer.name, blobs

    def __repr__(self):
        return f"<{self.type} {self.name}>"


class Net(core.Net):
    """Net(path, phase, level=0, stages=None, weights=None), or the older Net(path, weights, phase).

    path may also be a NetParameter.  Blobs are live: `net.blobs['data'].data[...] = x; net.forward()['prob']`.
    """

    def __init__(self, network, *old, phase=None, level=0, stages=None, weights=None, **options):
        for value in old:
            if isinstance(value, int | np.integer):
                phase = int(value)
            else:
                weights = value
        super().__init__(network, phase, level, tuple(stages or ()), weights=weights, **options)
        self.layers = [NetLayer(place.layer, blobs) for place, blobs in zip(self.places, self.layer_blobs, strict=True)]

    # names

    @property
    def _layer_names(self):
        return self.layer_names

    @property
    def _blob_names(self):
        return self.blob_names

    @property
    def _blob_loss_weights(self):
        return self.weight_list

    @property
    def _inputs(self):
        return [self.blob_names.index(name) for name in self.inputs]

    @property
    def _outputs(self):
        return [self.blob_names.index(name) for name in self.outputs]

    @property
    def blob_loss_weights(self):
        return OrderedDict(zip(self.blob_names, self.weight_list, strict=True))

    @property
    def layer_dict(self):
        return OrderedDict(zip(self.layer_names, self.layers, strict=True))

    @property
    def top_names(self):
        return self.blobs_by_layer("tops")

    @property
    def bottom_names(self):
        return self.blobs_by_layer("bottoms")

    def blobs_by_layer(self, side):
        names = self.blob_names
        return OrderedDict((place.layer.name, [names[b] for b in getattr(place, side)]) for place in self.places)

    # files

    def save_hdf5(self, path, write_diff=False):
        """Write Caffe's HDF5 form, whatever the name."""
        from protonet.io import hdf5

        hdf5.write(path, exchange.held(self, write_diff), self.layer_names, write_diff, self.shared)

    def load_hdf5(self, path):
        """Fill parameters from Caffe's HDF5 form."""
        self.copy_from(path)

    # running

    def _forward(self, first, last):
        """Run layers first to last; returns their loss."""
        return self.forward_layers(first, last)

    def _backward(self, first, last):
        """Run layers first down to last backward."""
        self.backward_layers(first, last)

    def index(self, layer, default):
        if layer is None:
            return default
        try:
            return self.layer_names.index(layer)
        except ValueError:
            raise NetError(f"the net has no layer '{layer}': it has {', '.join(self.layer_names)}") from None

    def put(self, arrays, names, what, part):
        """Copy arrays into the data or diff of exactly these blobs."""
        if set(arrays) != set(names):
            raise DataError(f"{what} are {sorted(names)}, found {sorted(arrays)}")
        for name, array in arrays.items():
            into, array = getattr(self.blobs[name], part), np.asarray(array)
            if array.shape[:1] != into.shape[:1]:
                raise DataError(
                    f"'{name}' has {into.shape[0]} rows in the net, found {array.shape}: "
                    "reshape the blob, or use forward_all"
                )
            if array.size != into.size and array.shape != into.shape:
                raise DataError(f"'{name}' is {into.shape} in the net, found {array.shape}")
            into[...] = array.reshape(into.shape)

    def forward(self, blobs=None, start=None, end=None, **inputs):
        """Run from layer `start` to layer `end`; returns {name: data} of the outputs there, and of `blobs`."""
        first, last = self.index(start, 0), self.index(end, len(self.places) - 1)
        if inputs:
            self.put(inputs, self.inputs, "the inputs of the net", "data")
        self.forward_layers(first, last)
        names = [*(self.outputs if end is None else self.top_names[end]), *(blobs or [])]
        return {name: self.blobs[name].data for name in names}

    def backward(self, diffs=None, start=None, end=None, **outputs):
        """Run backward from layer `start` down to layer `end`; returns {name: diff} there, and of `diffs`."""
        first, last = self.index(start, len(self.places) - 1), self.index(end, 0)
        if outputs:
            tops = self.outputs if start is None else self.top_names[start]
            self.put(outputs, tops, "the gradients to start from", "diff")
        self.backward_layers(first, last)
        names = [*(self.inputs if end is None else self.bottom_names[end]), *(diffs or [])]
        return {name: self.blobs[name].diff for name in names}

    def forward_all(self, blobs=None, **inputs):
        """Run any number of rows, a batch at a time, the last one padded; returns {name: rows of all batches}."""
        rows = len(next(iter(inputs.values())))
        out: dict[str, list] = {}
        for batch in self.batches(inputs):
            for name, data in self.forward(blobs=blobs, **batch).items():
                out.setdefault(name, []).extend(data.copy())
        return {name: np.asarray(data[:rows]) for name, data in out.items()}

    def forward_backward_all(self, blobs=None, diffs=None, **arrays):
        """Forward and backward over any number of rows, from inputs and gradients by name.  Returns (data, diffs)."""
        rows = len(next(iter(arrays.values())))
        all_data: dict[str, list] = {}
        all_diffs: dict[str, list] = {}
        forward = self.batches({name: a for name, a in arrays.items() if name in self.inputs})
        backward = self.batches({name: a for name, a in arrays.items() if name in self.outputs})
        none: dict[str, np.ndarray] = {}
        for there, back in zip_longest(forward, backward, fillvalue=none):
            for name, data in self.forward(blobs=blobs, **there).items():
                all_data.setdefault(name, []).extend(data.copy())
            for name, diff in self.backward(diffs=diffs, **back).items():
                all_diffs.setdefault(name, []).extend(diff.copy())
        return tuple({n: np.asarray(rows_[:rows]) for n, rows_ in each.items()} for each in (all_data, all_diffs))

    def batches(self, arrays):
        """Cut arrays of equal length into the net's batch size; the last batch is filled up with zeros."""
        if not arrays:
            return
        total = len(next(iter(arrays.values())))
        size = self.blobs[next(iter(arrays))].shape[0]
        for at in range(0, total, size):
            batch = {}
            for name, array in arrays.items():
                part = np.asarray(array[at : at + size])
                filler = np.zeros((size - len(part), *part.shape[1:]), part.dtype)
                batch[name] = np.concatenate([part, filler]) if len(filler) else part
            yield batch

    def set_input_arrays(self, data, labels):
        """Give the rows of a net that starts with MemoryData.  data (N, C, H, W), labels (N,)."""
        first: Any = self.places[0].layer
        if first.type != "MemoryData":
            raise NetError(f"set_input_arrays needs a net whose first layer is MemoryData, found {first.type}")
        first.set_arrays(np.ascontiguousarray(data, np.float32), np.ascontiguousarray(labels, np.float32))
