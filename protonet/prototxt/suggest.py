"""What may have been meant: near names of fields, enum values and layer types.

Layer types are more than the schema tells (many have no parameters), so the names are listed here; whoever knows
more, such as the registry of layers, tells `learn`.
"""

BVLC = """
AbsVal Accuracy ArgMax BNLL BatchNorm BatchReindex Bias Clip Concat ContrastiveLoss Convolution Crop Data
Deconvolution Dropout DummyData ELU Eltwise Embed EuclideanLoss Exp Filter Flatten HDF5Data HDF5Output HingeLoss
Im2col ImageData InfogainLoss InnerProduct Input LRN LSTM LSTMUnit Log MVN MemoryData MultinomialLogisticLoss
PReLU Parameter Pooling Power Python RNN ReLU Reduction Reshape SPP Scale Sigmoid SigmoidCrossEntropyLoss Silence
Slice Softmax SoftmaxWithLoss Split Swish TanH Threshold Tile WindowData
"""
TYPES = set(BVLC.split())


def learn(types):
    """More layer types that are no spelling mistakes."""
    TYPES.update(types)


def knows(layer_type, layer):
    """Whether a layer type is known: by name, or because the descriptor of layers has parameters for it."""
    return layer_type in TYPES or f"{_flat(layer_type)}param" in {_flat(f.name) for f in layer.fields}


def check_type(layer_type, layer):
    """What is wrong with a layer type; empty if nothing is."""
    return "" if knows(layer_type, layer) else f"unknown layer type '{layer_type}'{did_you_mean(layer_type, TYPES)}"


def did_you_mean(word, names):
    """A hint to put behind a message: the nearest of `names`, or nothing if none is near."""
    from difflib import get_close_matches

    word = word[:100]
    by_fold = {_flat(name): name for name in names}
    near = get_close_matches(word, names, 1, 0.7) or get_close_matches(_flat(word), by_fold, 1, 0.7)
    return f" (did you mean '{by_fold.get(near[0], near[0])}'?)" if near else ""


def _flat(name):
    return name.replace("_", "").lower()


def where_else(name, fields, outer, layer_type=""):
    """A hint for a field that is not one of `fields`, but known in the messages around these or just below."""
    owners = [d.name for d in outer if name in d.fields_by_name]
    if owners:
        return f": it is a field of {owners[-1]} (is a '}}' missing before it?)"
    below = [f.name for f in fields.values() if f.message_type and name in f.message_type.fields_by_name]
    below = [b for b in below if _flat(b) == f"{_flat(layer_type)}param"] or below
    if 0 < len(below) <= 4:
        return f" (it is a field of {' and '.join(below)})"
    return did_you_mean(name, fields)
