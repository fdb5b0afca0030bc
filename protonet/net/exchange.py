"""Parameters in and out: from files, from other nets, to files; always by the names of layers."""

from protonet import io
from protonet.errors import WeightsError


def shared(net):
    """(layer, index) of the parameters whose memory belongs to another layer."""
    return {
        (name, i)
        for name, blobs in net.params.items()
        for i, blob in enumerate(blobs)
        if not net.parameters.owned(blob)
    }


def copy_from(net, source, allow_missing):
    """Fill from a file or Weights; returns what was copied, ignored and left fresh (io.Match)."""
    weights = source if isinstance(source, io.Weights) else io.load_weights(source)
    found = io.match(weights, dict(zip(net.layer_names, net.layer_blobs, strict=True)), shared(net))
    if found.fresh and not allow_missing:
        raise missing(found.fresh, weights.source)
    for name, arrays in found.arrays.items():
        for i, array in arrays.items():
            net.params[name][i].data[...] = array
            net.parameters.filled(net.params[name][i])
    return found


def missing(names, source):
    """What to say of layers whose parameters no file holds."""
    return WeightsError(
        f"has no weights for {', '.join(map(repr, names))}: is it another net's file? "
        "(--allow-missing leaves them as their fillers made them)", source,
    )  # fmt: skip


def share_with(net, other):
    """Use the memory of another net where layers have the same names."""
    theirs = other.params
    for name, blobs in net.params.items():
        if name not in theirs:
            continue
        have, want = len(theirs[name]), len(blobs)
        if have != want:
            raise WeightsError(
                f"layer '{name}' has {have} blob{'s' * (have != 1)} in the other net, this net wants {want}"
            )
        for i, (mine, their) in enumerate(zip(blobs, theirs[name], strict=True)):
            if mine.shape != their.shape:
                raise WeightsError(
                    f"layer '{name}': blob {i} is {their.shape} in the other net, this net wants {mine.shape}"
                )
            mine.share_data(their)
            net.parameters.filled(mine)


def held(net, diffs=False):
    """The parameters themselves, and their gradients if they are asked for, as Weights."""
    made = io.Weights({name: [b.data for b in blobs] for name, blobs in net.params.items()})
    if diffs:
        made.diffs = {name: [b.diff for b in blobs] for name, blobs in net.params.items()}
    return made
