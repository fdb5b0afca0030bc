"""Deploy of train nets drawn at random: what comes of it is proved, saved, and gives the given net's numbers again."""

import numpy as np
from hypothesis import strategies as st

import protonet
from protonet.prototxt import parse, write
from tests.fuzz import nets
from tests.fuzz.engine import weights_of
from tests.fuzz.training import trained


def target(folder):
    def attempt(data):
        param, start, batch = data
        (folder / "case").write_text(f"{write.dumps(param)}# {start} {batch}")
        net = protonet.Net(param, protonet.TEST, seed=1, threads=1, trains=False)
        if sum(blob.count for blob in net.blob_list) > 1 << 21:
            return
        weights = weights_of(net, np.random.default_rng(start))
        deployed, refused = nets.attempt(lambda: protonet.deploy(param, weights, threads=1, batch=batch))
        if refused:
            assert "is not the net it was made from" not in str(refused), refused
            raise refused
        prefix = folder / "deployed"
        deployed.save(prefix)
        again = protonet.Net(f"{prefix}.prototxt", f"{prefix}.caffemodel", protonet.TEST)
        again.forward()
        program, refused = nets.attempt(
            lambda: protonet.compile(f"{prefix}.prototxt", f"{prefix}.caffemodel", threads=1)
        )
        assert not refused, refused
        x = {name: again.blobs[name].data for name in again.inputs}
        program.run(x)
        parse.load(f"{prefix}.prototxt")

    return st.tuples(trained(), st.integers(0, 1000), st.sampled_from([None, 1, 2])), attempt
