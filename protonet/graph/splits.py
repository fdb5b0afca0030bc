"""Split insertion: where a blob has several readers, a Split layer behind its maker gives each one of its own.

    before   conv -> x;   relu(x);   pool(x)
    after    conv -> x;   Split(x) -> x_conv_0_split_0, x_conv_0_split_1;   relu(..._0);   pool(..._1)

Names are Caffe's: BLOB_LAYER_TOPINDEX_split, its tops with _0, _1 ... in the order of reading.  A loss_weight is one
more reader, the first: it moves to the Split's first top.  The surprise: a loss layer so relieved has its default
weight again, 1, and Caffe then reports the loss twice over; gradients come out right.
"""

from collections import Counter

from protonet.errors import NetError
from protonet.prototxt.suggest import did_you_mean

Top = tuple[int, int]  # (layer, which of its tops)


def insert_splits(net, places=None):
    """The net with splits, and for each of its layers the index it had before (None: a Split).

    places[i] says where layer i stands in its file, for errors.
    """
    places = places or [f"layer '{layer.name}'" for layer in net.layer]
    sources, readers = _trace(net, places)
    _check_tops(net, places, sources, readers)
    result = type(net)()
    result.CopyFrom(net)
    result.ClearField("layer")
    origins: list[int | None] = []
    used: Counter[Top] = Counter()
    for i, old in enumerate(net.layer):
        layer = result.layer.add()
        layer.CopyFrom(old)
        origins.append(i)
        for j, blob in enumerate(old.bottom):
            source = sources[i, j]
            if readers[source] > 1:
                layer.bottom[j] = _top(blob, net.layer[source[0]].name, source[1], used[source])
                used[source] += 1
        for j, blob in enumerate(old.top):
            if readers[i, j] > 1:
                split = result.layer.add(name=_name(blob, old.name, j), type="Split", bottom=[blob])
                split.top.extend(_top(blob, old.name, j, k) for k in range(readers[i, j]))
                origins.append(None)
                if weight := _weight(old, j):
                    split.loss_weight.extend([weight] + [0] * (readers[i, j] - 1))
                    layer.loss_weight[j] = 0
                    used[i, j] += 1
        if any(old.loss_weight) and not any(layer.loss_weight):
            layer.ClearField("loss_weight")
    return result, origins


def _name(blob, layer, top):
    return f"{blob}_{layer}_{top}_split"


def _top(blob, layer, top, k):
    return f"{_name(blob, layer, top)}_{k}"


def _weight(layer, top):
    return layer.loss_weight[top] if top < len(layer.loss_weight) else 0


def _trace(net, places):
    """Which top each bottom is, and how many read each top."""
    made: dict[str, Top] = {}
    sources: dict[Top, Top] = {}
    readers: Counter[Top] = Counter()
    for i, layer in enumerate(net.layer):
        for j, blob in enumerate(layer.bottom):
            if blob not in made:
                later = [other.name for other in net.layer[i:] if blob in other.top]
                hint = f" (layer '{later[0]}' makes it, later)" if later else did_you_mean(blob, made)
                raise NetError(f"bottom '{blob}' is made by no layer before it{hint}", places[i])
            sources[i, j] = made[blob]
            readers[made[blob]] += 1
        for j, blob in enumerate(layer.top):
            made[blob] = i, j
            readers[i, j] += bool(_weight(layer, j))
    return sources, readers


def _check_tops(net, places, sources, readers):
    """A blob is made once, and may then be worked on in place as long as nobody else reads what was there before."""
    made: dict[str, str] = {}
    for i, layer in enumerate(net.layer):
        for j, blob in enumerate(layer.top):
            in_place = j < len(layer.bottom) and layer.bottom[j] == blob
            if in_place and readers[sources[i, j]] > 1:
                others = [net.layer[k].name for (k, b), s in sources.items() if s == sources[i, j] and (k, b) != (i, j)]
                who = f"layer '{others[0]}' reads it as well" if others else "it has a loss_weight"
                raise NetError(f"cannot work in place on '{blob}': {who}; give the top a name of its own", places[i])
            if blob in made and not in_place:
                raise NetError(f"top '{blob}' is made by layer '{made[blob]}' already: name it apart", places[i])
            made[blob] = layer.name
