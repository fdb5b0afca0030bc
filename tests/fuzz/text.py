"""Text, and bytes of a file: parsed, upgraded, built."""

from hypothesis import strategies as st

import protonet
from protonet.prototxt import parse, write
from tests.conftest import CORPUS, files
from tests.fuzz import draw

NET = """
name: "n" layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "relu" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool" type: "Pooling" bottom: "conv1" top: "pool" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
layer { name: "re" type: "Reshape" bottom: "pool" top: "re" reshape_param { shape { dim: 0 dim: -1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "re" top: "ip" inner_product_param { num_output: 5 } }
layer { name: "s" type: "Slice" bottom: "ip" top: "a" top: "b" slice_param { slice_point: 2 } }
layer { name: "c" type: "Concat" bottom: "b" bottom: "a" top: "c" concat_param { axis: 1 } include { phase: TEST } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""


def some(every=9):
    """Texts of nets, real ones if they are there."""
    small = [p for p in files(CORPUS, "*.prototxt") if p.stat().st_size < 6000][::every] if CORPUS.exists() else []
    return [NET, *(p.read_text("utf-8", "replace") for p in small)]


def target(folder):
    def attempt(data):
        text, phase = data
        path = folder / "case"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        document = parse.load(path)
        net = protonet.Net(document, phase, fill=False, trains=False)
        if path.stat().st_size < 2000:
            write.dumps(net.param)

    each = draw.texts(some()) | st.binary(max_size=60) | draw.texts([NET])
    return st.tuples(each, st.sampled_from([0, 1])), attempt
