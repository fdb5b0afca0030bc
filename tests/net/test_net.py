"""The net as a whole: threads, the packed plan beside the exact one, shapes that change, errors with their place."""

import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import protonet
from protonet.errors import DataError, NetError, ShapeError
from protonet.prototxt import parse
from tests.net.tools import CNN, data, dummy, ip, layer, net

BODY = CNN.partition("\n")[2]
DEPLOY = data(4, 3, 9, 8) + BODY.replace("SoftmaxWithLoss", "Softmax").replace('bottom: "label"', "")


def stepped(made, times=2):
    """Everything that a forward and a backward pass leave, after `times` of them."""
    found = {}
    for i in range(times):
        found["loss", i] = np.float64(made.forward_layers())
        made.clear_param_diffs()
        made.backward_layers()
    for name, blob in made.blobs.items():
        found["data", name], found["diff", name] = blob.data.copy(), blob.diff.copy()
    for name, blobs in made.params.items():
        for i, blob in enumerate(blobs):
            found["param", name, i], found["gradient", name, i] = blob.data.copy(), blob.diff.copy()
    return found


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_the_bits_do_not_depend_on_threads(threads):
    one = stepped(net(CNN, phase=0, seed=6, threads=1))
    many = stepped(net(CNN, phase=0, seed=6, threads=threads))
    for key, array in one.items():
        assert_array_equal(many[key], array, err_msg=str(key))


def test_a_seed_draws_the_same_net_data_and_dropout():
    again = [stepped(net(CNN, phase=0, seed=seed)) for seed in (6, 6, 7)]
    assert_array_equal(again[0]["data", "both"], again[1]["data", "both"])
    assert not np.array_equal(again[0]["data", "data"], again[2]["data", "data"])


def test_the_packed_plan_gives_what_the_exact_one_gives(rng):
    made = net(DEPLOY, seed=3)
    for name in "bn1", "scale1":
        for blob in made.params[name]:
            blob.data[...] = rng.uniform(0.5, 2, blob.shape)
    program = protonet.compile(parse.loads(DEPLOY), made.weights(), threads=1, keep=["both", "fc"])
    for scale in 0.1, 1, 10:
        x = scale * rng.normal(size=(4, 3, 9, 8)).astype("f4")
        made.blobs["data"].data[...] = x
        made.forward_layers()
        for name, array in program.run(x).items():
            exact = made.blobs[name].data
            assert_allclose(array, exact, rtol=0, atol=1e-5 * abs(exact).max(), err_msg=name)


def test_several_nets_run_in_several_threads(rng):
    xs = [rng.normal(size=(4, 3, 9, 8)).astype("f4") for _ in range(6)]
    expected = []
    for i, x in enumerate(xs):
        made = net(DEPLOY, seed=i)
        made.blobs["data"].data[...] = x
        made.forward_layers()
        expected.append(made.blobs["loss"].data.copy())
    found = [None] * len(xs)

    def work(i):
        made = net(DEPLOY, seed=i, threads=2)
        for _ in range(20):
            made.blobs["data"].data[...] = xs[i]
            made.forward_layers()
        found[i] = made.blobs["loss"].data.copy()

    workers = [threading.Thread(target=work, args=(i,)) for i in range(len(xs))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for a, b in zip(found, expected, strict=True):
        assert_array_equal(a, b)


# shapes


def test_a_reshaped_input_reshapes_all_that_follows(rng):
    made, x = net(DEPLOY, seed=3), rng.normal(size=(7, 3, 13, 12)).astype("f4")
    made.blobs["data"].reshape(7, 3, 9, 8)
    made.blobs["data"].data[...] = x[:, :, :9, :8]
    made.forward_layers()
    assert made.blobs["fc"].shape == (7, 4)
    seven = made.blobs["fc"].data.copy()
    made.blobs["data"].reshape(2, 3, 9, 8)
    made.blobs["data"].data[...] = x[:2, :, :9, :8]
    made.forward_layers()
    assert_allclose(made.blobs["fc"].data, seven[:2], rtol=1e-5)  # few rows are summed in another order
    made.blobs["data"].reshape(7, 3, 13, 12)
    with pytest.raises(NetError, match=r"net.prototxt:11:1: layer 'fc': these inputs need weight of shape \(4, "):
        made.forward_layers()


FILTER = (
    data(4, 3)
    + data(4, top="keep")
    + ip("a", "data", "a", 2)
    + layer("some", "Filter", "a keep", "some")
    + ip("b", "some", "b", 2)
)


def test_a_layer_whose_shape_depends_on_values_runs_between(rng):
    made, x = net(FILTER, seed=2), rng.normal(size=(4, 3)).astype("f4")
    made.blobs["data"].data[...] = x
    for keep in [1, 0, 0, 1], [0, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]:
        made.blobs["keep"].data[...] = keep
        made.forward_layers()
        rows = made.blobs["a"].data[np.array(keep) != 0]
        assert_array_equal(made.blobs["some"].data, rows)
        w, b = (blob.data for blob in made.params["b"])
        assert_allclose(made.blobs["b"].data, rows @ w.T + b, atol=1e-5)


def test_gradients_find_their_rows_through_such_a_layer(rng):
    made = net("force_backward: true\n" + FILTER, seed=2)
    made.blobs["data"].data[...] = rng.normal(size=(4, 3))
    made.blobs["keep"].data[...] = [0, 1, 0, 1]
    made.forward_layers()
    made.blobs["b"].diff[...] = 1
    made.backward_layers()
    expected = np.ones((2, 2), "f4") @ made.params["b"][0].data @ made.params["a"][0].data
    assert_allclose(made.blobs["data"].diff, [[0] * 3, expected[0], [0] * 3, expected[1]], atol=1e-5)


# errors


def test_errors_at_building_carry_file_line_column_and_layer():
    text = data(2, 3, 4, 4) + layer("c", "Convolution", "data", "c", "convolution_param { num_output: 2 }")
    with pytest.raises(ShapeError, match=r"^net.prototxt:2:1: layer 'c': "):
        net(text)


def test_errors_while_running_carry_them_too():
    text = dummy((2, 3), (2,), fillers=['type: "constant"', 'type: "constant" value: 7'])
    made = net(text + layer("loss", "SoftmaxWithLoss", "data label", "loss"))
    with pytest.raises(DataError, match=r"^net.prototxt:2:1: layer 'loss': .*7"):
        made.forward_layers()
    made.blobs["label"].data[...] = 1
    assert made.forward_layers() == pytest.approx(np.log(3), rel=1e-5)


def test_the_loss_is_weighted_and_summed_by_layer():
    text = (
        dummy((2, 3), (2, 3), tops="a b", fillers=['type: "constant" value: 3', 'type: "constant" value: 1'])
        + layer("l1", "EuclideanLoss", "a b", "l1", "loss_weight: 0.5")
        + layer("l2", "Reduction", "a", "l2", "loss_weight: 2")
    )
    made = net(text)
    assert made.forward_layers() == pytest.approx(0.5 * 6 + 2 * 18)
    at = made.layer_names.index("l1")
    assert made.forward_layers(at, at) == pytest.approx(3)
    assert [w for w in made.weight_list if w] == [0.5, 2]


def test_a_net_made_for_testing_refuses_to_go_backward():
    with pytest.raises(NetError, match="trains=False"):
        net(CNN, phase=0, trains=False).backward_layers()
