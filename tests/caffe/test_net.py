"""What pycaffe scripts rely on: names, live arrays, partial runs, reshaping, sharing, files."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import protonet
from protonet.errors import DataError, NetError, WeightsError

TEXT = """
name: "small"
force_backward: true
layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip2" top: "prob" }
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "net.prototxt").write_text(TEXT)
    return str(tmp_path / "net.prototxt")


@pytest.fixture
def net(path):
    return protonet.Net(path, protonet.TEST, seed=3)  # of which no gradient has a kink of the ReLU near it


def test_names_are_pycaffes(net):
    assert list(net.blobs) == ["data", "ip1", "ip2", "prob"] == net._blob_names
    assert net._layer_names == ["in", "ip1", "relu", "ip2", "prob"]
    assert [layer.type for layer in net.layers] == ["Input", "InnerProduct", "ReLU", "InnerProduct", "Softmax"]
    assert list(net.params) == ["ip1", "ip2"]
    assert net.params["ip1"][0].shape == (5, 3)
    assert net.inputs == ["data"]
    assert net.outputs == ["prob"]
    assert (net._inputs, net._outputs) == ([0], [3])
    assert dict(net.top_names)["relu"] == ["ip1"]
    assert dict(net.bottom_names)["ip2"] == ["ip1"]
    assert net.layer_dict["ip2"].blobs[1].shape == (2,)
    assert dict(net.blob_loss_weights) == dict.fromkeys(net.blobs, 0.0)
    assert net._blob_loss_weights == [0.0] * 4


def test_a_blob_is_live_and_has_the_old_axes(net):
    blob = net.blobs["data"]
    assert (blob.num, blob.channels, blob.height, blob.width, blob.count) == (4, 3, 1, 1, 12)
    view = blob.data
    assert view.dtype == np.float32
    assert view.flags.c_contiguous
    blob.data[...] = 7
    assert (view == 7).all()


def test_forward_takes_inputs_and_gives_outputs_and_more(net, rng):
    x = rng.normal(size=(4, 3))
    out = net.forward(blobs=["ip2"], data=x)
    assert set(out) == {"prob", "ip2"}
    w, b = (blob.data for blob in net.params["ip1"])
    hidden = np.maximum(x @ w.T + b, 0)
    assert_allclose(net.blobs["ip1"].data, hidden, atol=1e-5)
    assert_allclose(out["prob"].sum(1), 1, atol=1e-5)


def test_a_part_of_the_net_runs_alone(net, rng):
    net.forward(data=rng.normal(size=(4, 3)))
    net.blobs["ip1"].data[...] = 0
    out = net.forward(start="ip2", end="ip2")
    assert set(out) == {"ip2"}
    assert_array_equal(out["ip2"], np.broadcast_to(net.params["ip2"][1].data, (4, 2)))


def test_backward_gives_the_gradient_of_the_inputs(net, rng):
    x, dy = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    net.forward(data=x)
    out = net.backward(prob=dy)
    assert set(out) == {"data"}
    step, numeric = 1e-2, np.zeros((4, 3))
    for at in np.ndindex(4, 3):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[at] += sign * step
            ends.append(float((net.forward(data=moved)["prob"].astype(np.float64) * dy).sum()))
        numeric[at] = (ends[0] - ends[1]) / (2 * step)
    assert_allclose(out["data"], numeric, atol=2e-3)


def test_parameter_gradients_add_up_until_they_are_cleared(net, rng):
    net.forward(data=rng.normal(size=(4, 3)))
    net.clear_param_diffs()
    net.backward(prob=np.ones((4, 2)) * [1, -1])
    once = net.params["ip2"][0].diff.copy()
    net.backward(prob=np.ones((4, 2)) * [1, -1])
    assert_allclose(net.params["ip2"][0].diff, 2 * once, rtol=1e-5)
    net.clear_param_diffs()
    assert not net.params["ip2"][0].diff.any()


def test_all_rows_run_in_batches(net, rng):
    x = rng.normal(size=(10, 3)).astype("f4")
    out = net.forward_all(data=x)["prob"]
    assert out.shape == (10, 2)
    assert_array_equal(out[8:], net.forward(data=np.concatenate([x[8:], np.zeros((2, 3), "f4")]))["prob"][:2])


def test_data_and_gradients_of_all_rows_come_together(net, rng):
    x, dy = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    data, diffs = net.forward_backward_all(data=x, prob=dy)
    assert data["prob"].shape == (6, 2)
    assert diffs["data"].shape == (6, 3)


def test_a_reshaped_input_reshapes_the_net(net, rng):
    x = rng.normal(size=(9, 3))
    small = net.forward(data=x[:4])["prob"].copy()
    net.blobs["data"].reshape(9, 3)
    out = net.forward(data=x)["prob"]
    assert out.shape == (9, 2)
    assert_allclose(out[:4], small, rtol=1e-5)  # few rows are summed in another order
    net.blobs["data"].reshape(4, 3)
    net.reshape()
    assert net.blobs["prob"].shape == (4, 2)
    assert_array_equal(net.forward(data=x[:4])["prob"], small)


def test_a_reshape_that_other_weights_would_need_is_refused(net):
    net.blobs["data"].reshape(4, 7)
    with pytest.raises(NetError, match=r"layer 'ip1': these inputs need weight of shape \(5, 7\), but it is \(5, 3\)"):
        net.forward()


def test_weights_go_through_both_formats(net, path, tmp_path, rng):
    x = rng.normal(size=(4, 3))
    expected = net.forward(data=x)["prob"].copy()
    for name in ("a.caffemodel", "a.caffemodel.h5"):
        net.save(str(tmp_path / name))
        for made in (
            protonet.Net(path, str(tmp_path / name), protonet.TEST),
            protonet.Net(path, phase=protonet.TEST, weights=str(tmp_path / name)),
        ):
            assert_array_equal(made.forward(data=x)["prob"], expected)
    net.save_hdf5(str(tmp_path / "b.h5"))
    other = protonet.Net(path, protonet.TEST)
    other.load_hdf5(str(tmp_path / "b.h5"))
    assert_array_equal(other.forward(data=x)["prob"], expected)


def test_shared_weights_are_one_memory(net, path, rng):
    other = protonet.Net(path, protonet.TEST)
    other.share_with(net)
    net.params["ip1"][0].data[...] = 3
    assert (other.params["ip1"][0].data == 3).all()
    x = rng.normal(size=(4, 3))
    assert_array_equal(other.forward(data=x)["prob"], net.forward(data=x)["prob"])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"dta": np.zeros((4, 3))}, r"inputs of the net are \['data'\], found \['dta'\]"),
        ({"data": np.zeros((5, 3))}, "has 4 rows in the net"),
        ({"data": np.zeros((4, 8))}, r"is \(4, 3\) in the net, found \(4, 8\)"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(net, inputs, message):
    with pytest.raises(DataError, match=message):
        net.forward(**inputs)


def test_an_unknown_layer_is_refused_by_name(net):
    with pytest.raises(NetError, match="no layer 'ip9'"):
        net.forward(end="ip9")


def test_weights_of_another_shape_are_refused_with_both_shapes(net, path, tmp_path):
    net.save(str(tmp_path / "a.caffemodel"))
    wider = tmp_path / "wider.prototxt"
    wider.write_text(TEXT.replace("num_output: 5", "num_output: 6"))
    with pytest.raises(WeightsError, match=r"layer 'ip1': blob 0 is \(5, 3\) in the file, the net wants \(6, 3\)"):
        protonet.Net(str(wider), str(tmp_path / "a.caffemodel"), protonet.TEST)


def test_gpu_calls_are_accepted(caplog):
    protonet.set_mode_gpu()
    protonet.set_device(0)
    protonet.set_mode_cpu()
    assert "ReLU" in protonet.layer_type_list()


def test_a_seed_makes_the_same_net_again(path):
    protonet.set_random_seed(5)
    a = protonet.Net(path, protonet.TEST).params["ip1"][0].data.copy()
    protonet.set_random_seed(5)
    assert_array_equal(protonet.Net(path, protonet.TEST).params["ip1"][0].data, a)


def test_any_number_of_threads_gives_the_same_bits(path, rng):
    x, results = rng.normal(size=(4, 3)), []
    for threads in (1, 2, 3):
        protonet.set_random_seed(1)
        net = protonet.Net(path, protonet.TEST, threads=threads)
        net.forward(data=x)
        results.append([net.blobs["prob"].data.copy(), net.backward(prob=np.ones((4, 2)) * [1, 2])["data"].copy()])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            assert_array_equal(a, b)


def test_rows_are_given_to_a_net_that_starts_with_memory_data(tmp_path, net, rng):
    text = """
    layer { name: "m" type: "MemoryData" top: "data" top: "label"
      memory_data_param { batch_size: 2 channels: 3 height: 1 width: 1 } }
    layer { name: "p" type: "Power" bottom: "data" top: "out" power_param { scale: 2 } }
    """
    (tmp_path / "memory.prototxt").write_text(text)
    memory = protonet.Net(str(tmp_path / "memory.prototxt"), protonet.TEST)
    x, labels = rng.normal(size=(4, 3, 1, 1)).astype("f4"), np.arange(4)
    memory.set_input_arrays(x, labels)
    for at in 0, 2, 0:  # round and round
        out = memory.forward(blobs=["label"])
        assert_array_equal(out["out"], 2 * x[at : at + 2])
        assert_array_equal(out["label"].ravel(), labels[at : at + 2])
    with pytest.raises(NetError, match="needs a net whose first layer is MemoryData, found Input"):
        net.set_input_arrays(x, labels)


def test_layers_are_asked_for_by_name_and_show_what_they_are(net):
    with pytest.raises(NetError, match="no layer 'nothing'"):
        net.backward(start="nothing")
    assert repr(net.layers[1]) == "<InnerProduct ip1>"
