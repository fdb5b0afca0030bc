"""Every place a BatchNorm can stand, as real Caffe ran it: the deploy net gives Caffe's numbers, and folds
what can be folded.
"""

import numpy as np
import pytest

import protonet
from protonet.graph.read import read
from protonet.io import load_weights
from protonet.layers import REGISTRY
from tests.conftest import CORPUS, GOLDEN, needs

CASES = sorted((GOLDEN / "deploy").glob("*.prototxt"))
AFFINE = "BatchNorm", "Scale", "Bias", "Power"
TOLERANCE = 1e-5  # relative to each blob's largest number, as everywhere in golden

# what is left, and why; from all other nets every affine layer goes
LEFT = {
    "bn_output_reused": (["Scale s"], "Convolution c is read by Convolution c2 too"),
    "conv_bn_batchstats": (["BatchNorm b", "Scale s"], "the statistics come from each batch"),
    "conv_relu_bn_scale": (["Scale s"], "Convolution c2 pads with zeros"),
    "conv_shared_weights_two_bns": (["Scale s1", "Scale s2"], "the weights of Convolution c1 are shared"),
    "conv_two_bns": (["Scale s1", "Scale s2"], "Convolution c is read by BatchNorm b2 + Scale s2 too"),
    "conv_two_consumers": (["Scale s"], "Convolution c is read by ReLU r too"),
    "conv_two_tops_shared": (["Scale s"], "Convolution c makes several tops"),
    "densenet_block": (["Scale s0", "Scale s1"], "Convolution c0 is read by Concat cat1 too"),
    "depthwise_bn_shared_out": (["Scale s"], "Convolution c is read by Eltwise e too"),
    "ip_axis2_bn": (["Scale s"], "the outputs of InnerProduct ip lie along axis 2"),
    "pool_bn": (["Scale s"], "Pooling p takes the largest, and 1 factors are negative"),
    "preact_bn_conv_pad": (["Scale s"], "Convolution c pads with zeros"),
    "preact_bn_deconv": (["Scale s"], "Deconvolution d would spread the shift unevenly"),
    "preact_bn_relu_conv": (["Scale s"], "ReLU r stands between"),
    "scale_axis0": (["Scale s"], "it works along axis 0, not 1"),
    "scale_spatial": (["Scale s"], "it is not per channel"),
    "scale_two_bottoms_se": (["Scale m"], "it takes its factors from a bottom"),
}


def missing(path):
    return sorted({layer.type for layer in read(path).net.layer} - set(REGISTRY))


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_the_deploy_net_gives_what_caffe_gave(path, tmp_path):
    if unknown := missing(path):
        pytest.skip(f"no layer type {', '.join(unknown)} yet")
    deployed = protonet.deploy(path, path.with_suffix(".caffemodel"))
    prototxt, caffemodel = deployed.save(tmp_path / "net")
    left, why = LEFT.get(path.stem, ([], ""))
    assert [f"{n.type} {n.name}" for n in deployed.graph.nodes if n.type in AFFINE] == left
    assert why in "; ".join(note.text for note in deployed.left)
    assert deployed.proof.within(TOLERANCE)
    assert not deployed.proof.silent

    net = protonet.Net(str(prototxt), str(caffemodel), protonet.TEST)
    with np.load(path.with_suffix(".npz")) as case:
        for name in net.inputs:
            net.blobs[name].data[...] = case[f"in/{name}"]
        net.forward()
        compared = []
        for key in case:
            name = key.removeprefix("out/")
            if key.startswith("out/") and name in net.blobs:
                magnitude = abs(case[key]).max()
                found = net.blobs[name].data
                np.testing.assert_allclose(found, case[key], rtol=0, atol=TOLERANCE * magnitude, err_msg=name)
                compared.append(name)
    assert set(net.outputs) <= set(compared)


def test_every_net_that_is_named_here_is_there():
    if not CASES:
        pytest.skip("the golden data are absent")
    assert set(LEFT) <= {path.stem for path in CASES}


MERGED = CORPUS / "NHZlX+Merge_bn_Caffe" / "models"


@needs(MERGED)
def test_a_published_fold_has_the_same_numbers():
    """The weights that another tool made of a real net with BatchNorm."""
    deployed = protonet.deploy(MERGED / "deploy_68_new.prototxt", MERGED / "vgg_68_new.caffemodel")
    published = load_weights(MERGED / "result.caffemodel")
    assert set(deployed.weights) == {"conv1", "conv2", "conv3", "conv4", "fc5_landmark", "fc6_landmark"}
    for name, arrays in deployed.weights.items():
        assert len(arrays) == len(published[name]) == 2
        for ours, theirs in zip(arrays, published[name], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-7 * abs(theirs).max())
