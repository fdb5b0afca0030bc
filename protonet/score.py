"""How often a deploy net is right: its outputs against the labels of a database."""

from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from protonet.data.database import open_database
from protonet.data.datum import parse
from protonet.errors import DataError


@dataclass
class Score:
    """count: images; output: the blob that was scored; top: {k: share of images whose label is among the k best}."""

    count: int
    output: str
    top: dict[int, float] = field(default_factory=dict)


def score(model, database, batch=64, output=None, ks=(1, 5), progress=lambda done: None):
    """Run a model (protonet.load) over a database of labelled images."""
    output = output or next(iter(model.outputs))
    if output not in model.outputs:
        raise DataError(f"the net has no output '{output}': it has {', '.join(model.outputs)}")
    prepare = model.image(model.first)
    source = open_database(database)
    hits, count = dict.fromkeys(ks, 0), 0
    try:
        records = source.records()
        while rows := list(islice(records, batch)):
            datums = [parse(value) for _, value in rows]
            blob = np.stack([prepare.stored(datum.image(None)) for datum in datums])
            labels = np.array([datum.label for datum in datums])
            scores = model(blob)[output].reshape(len(rows), -1)
            if labels.min() < 0 or labels.max() >= scores.shape[1]:
                raise DataError(
                    f"labels go from {labels.min()} to {labels.max()}, '{output}' has {scores.shape[1]} scores"
                )
            # as Accuracy counts: a tie is wrong
            mine = scores[np.arange(len(rows)), labels][:, None]
            better = (scores >= mine).sum(1) - 1
            for k in ks:
                hits[k] += int((better < k).sum())
            count += len(rows)
            progress(count)
    finally:
        source.close()
    return Score(count, output, {k: n / count for k, n in hits.items() if k < scores.shape[1]})
