"""The engine against the exact plan: equal outputs, or a reason from both; for other shapes as well."""

from contextlib import nullcontext
from unittest.mock import patch

import numpy as np
from hypothesis import strategies as st

import protonet
from protonet.engine import choose
from protonet.engine.machine import W
from protonet.io import Weights
from protonet.prototxt import write
from tests.fuzz import nets

STRASSEN = {"MANY_CHANNELS": 2 * W, "GAIN": 0}  # wherever it can be


def weights_of(net, rng):
    """Weights for all layers, statistics that could be some."""
    found = {name: [np.array(blob.data) for blob in blobs] for name, blobs in net.params.items()}
    for layer in net.param.layer:
        if layer.type == "BatchNorm" and layer.name in found:
            mean, var, *rest = found[layer.name]
            mean[...], var[...] = rng.normal(0, 0.5, mean.shape), rng.uniform(0.5, 2, var.shape)
            for each in rest[:1]:
                each[...] = 1
    return Weights(found)


def exact(param, weights, x):
    net = protonet.Net(param, protonet.TEST, weights=weights, threads=1, trains=False)
    return forward(net, x)


def forward(net, x):
    net.blobs["x"].reshape(*x.shape)
    net.blobs["x"].data[...] = x
    net.forward_layers()
    return {name: net.blobs[name].data.copy() for name in net.outputs}


def target(folder):
    shapes = st.tuples(st.sampled_from([1, 2, 5, 0]), st.just(0) | st.sampled_from([1, 3, 16]),
                       st.sampled_from([1, 4, 7, 13]), st.sampled_from([1, 6, 9, 15]))  # fmt: skip

    def attempt(data):
        *case, halves = data
        with patch.multiple(choose, **STRASSEN) if halves else nullcontext():
            tried(*case)

    def tried(param, start, other, keep, threads):
        (folder / "case").write_text(f"{write.dumps(param)}# {start} {other} {keep} {threads}")
        rng = np.random.default_rng(start)
        net = protonet.Net(param, protonet.TEST, seed=1, threads=1, trains=False)
        if sum(blob.count for blob in net.blob_list) > 1 << 22:
            return
        weights = weights_of(net, rng)
        shape = net.blobs["x"].shape
        program, refused = nets.attempt(lambda: protonet.compile(param, weights, threads=threads, exact=keep))
        net = protonet.Net(param, protonet.TEST, weights=weights, threads=1, trains=False)
        for each in (shape, (other[0], other[1] or shape[1], *other[2:])):
            x = rng.normal(size=each).astype(np.float32)
            expected, wrong = nets.attempt(lambda: forward(net, x))  # noqa: B023
            if refused:
                assert wrong, f"the engine refuses: {refused}"
                raise refused
            found, failed = nets.attempt(lambda: program.run(x))  # noqa: B023
            assert bool(wrong) == bool(failed), f"exact: {wrong}; engine: {failed}"
            if wrong:
                return
            assert set(found) == set(expected), f"{set(found)}, {set(expected)}"

            def again():
                other = Weights({name: [nets.shaken(a, rng) for a in arrays] for name, arrays in weights.items()})
                return exact(param, other, nets.shaken(x, rng))  # noqa: B023

            nets.same(expected, found, again)

    more = st.integers(0, 1000), shapes, st.booleans(), st.sampled_from([1, 1, 2]), st.booleans()
    return st.tuples(nets.chains(), *more), attempt
