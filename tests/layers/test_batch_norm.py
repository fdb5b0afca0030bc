import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.layers import TEST
from tests.naive.batch_norm import batch_norm
from tests.tools import check_gradient, layer, run

TEXT = 'name: "bn1" type: "BatchNorm"'
SHAPES = [(6, 3), (4, 3, 5), (2, 3, 4, 5), (2, 3, 2, 2, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_train_normalises_by_the_batch(shape, rng):
    x = rng.normal(3, 2, shape)
    _, (y,) = run(layer(TEXT, shape), x)
    assert_allclose(y.data, batch_norm(x), atol=1e-5)


def test_a_large_mean_does_not_drown_the_variance(rng):
    x = rng.normal(1000, 1, (64, 2, 50)).astype("f")
    _, (y,) = run(layer(TEXT, x.shape), x)
    assert_allclose(y.data, batch_norm(x.astype("d")), atol=1e-4)


def test_statistics_are_decayed_sums_with_unbiased_variance(rng):
    bn = layer(TEXT + " batch_norm_param { moving_average_fraction: 0.9 }", (8, 2))
    a, b = rng.normal(size=(2, 8, 2))
    run(bn, a)
    run(bn, b)
    mean_sum, var_sum, weight = (blob.data for blob in bn.blobs)
    assert_allclose(mean_sum, 0.9 * a.mean(0) + b.mean(0), atol=1e-6)
    assert_allclose(var_sum, 0.9 * a.var(0, ddof=1) + b.var(0, ddof=1), rtol=1e-5)
    assert_allclose(weight, 0.9 + 1)


def test_one_value_a_channel_has_no_unbiased_variance():
    bn = layer(TEXT, (1, 2))
    _, (y,) = run(bn, [[3, 4]])
    assert_array_equal(y.data, [[0, 0]])
    assert_array_equal(bn.blobs[1].data, [0, 0])


@pytest.mark.parametrize("shape", [(1, 2), (1, 2, 1, 1)])
def test_test_phase_uses_stored_statistics_and_leaves_them_alone(shape):
    bn = layer(TEXT, shape, phase=TEST)
    for blob, value in zip(bn.blobs, ([2, 4], [8, 18], [2]), strict=True):
        blob.data[:] = value  # averages: mean (1, 2), variance (4, 9)
    _, (y,) = run(bn, np.reshape([3.0, 5.0], shape))
    assert_allclose(y.data.ravel(), [1, 1], rtol=1e-5)
    assert_array_equal(bn.blobs[2].data, [2])


def test_a_fresh_net_has_mean_and_variance_zero():
    _, (y,) = run(layer(TEXT, (1, 2), phase=TEST), [[1, -2]])
    assert_allclose(y.data, [[1 / np.sqrt(1e-5), -2 / np.sqrt(1e-5)]], rtol=1e-5)


@pytest.mark.parametrize(("phase", "stats"), [(0, "true"), (1, "false")])
def test_use_global_stats_wins_over_the_phase(phase, stats, rng):
    x = rng.normal(size=(5, 2, 3))
    bn = layer(TEXT + f" batch_norm_param {{ use_global_stats: {stats} }}", x.shape, phase=phase)
    for blob, value in zip(bn.blobs, ([2, 4], [8, 18], [2]), strict=True):
        blob.data[:] = value
    _, (y,) = run(bn, x)
    expected = batch_norm(x, [1, 2], [4, 9]) if stats == "true" else batch_norm(x)
    assert_allclose(y.data, expected, atol=1e-5)
    assert (bn.blobs[2].data == 2) == (stats == "true")


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("stats", ["true", "false"])
@pytest.mark.parametrize("shape", [(5, 3), (4, 2, 3)])
def test_gradient(shape, stats, in_place, rng):
    bn = layer(TEXT + f" batch_norm_param {{ use_global_stats: {stats} }}", shape, in_place=in_place)
    for blob in bn.blobs:
        blob.data[:] = 1
    check_gradient(bn, rng.normal(size=shape))


@pytest.mark.parametrize("flag", ["scale_bias: true", "use_weight_bias: true"])
def test_forks_may_add_gamma_and_beta(flag, rng):
    x = rng.normal(3, 2, (4, 3, 5))
    bn = layer(TEXT + f" batch_norm_param {{ {flag} }}", x.shape)
    assert [blob.data.shape for blob in bn.blobs] == [(3,), (3,), (1,), (3,), (3,)]
    bn.blobs[3].data[...], bn.blobs[4].data[...] = [2, 3, 4], [5, 6, 7]
    _, (y,) = run(bn, x)
    gamma, beta = np.array([2, 3, 4]).reshape(1, 3, 1), np.array([5, 6, 7]).reshape(1, 3, 1)
    assert_allclose(y.data, gamma * batch_norm(x) + beta, atol=1e-5)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("stats", ["true", "false"])
@pytest.mark.parametrize("bias", ["true", "false"])
def test_gradient_with_gamma_and_beta(bias, stats, in_place, rng):
    more = f"scale_bias: true bias_term: {bias} use_global_stats: {stats} scale_filler {{ value: 1.5 }}"
    text = TEXT + f" batch_norm_param {{ {more} }}"
    bn = layer(text, (4, 2, 3), in_place=in_place)
    for blob in bn.blobs[:3]:
        blob.data[:] = 1
    check_gradient(bn, rng.normal(size=(4, 2, 3)))


def test_eps_may_be_added_outside_the_root():
    bn = layer(TEXT + " batch_norm_param { eps: 0.5 add_eps_before_sqrt: false }", (1, 1), phase=TEST)
    for blob, value in zip(bn.blobs, (0, 4, 1), strict=True):
        blob.data[:] = value
    assert_allclose(bn.forward([[5]])[0], [[2]], rtol=1e-6)


def test_what_only_a_fork_means_is_refused():
    with pytest.raises(NetError, match="relu is a fork's, and BatchNorm does not know it here: leave it out"):
        layer(TEXT + " batch_norm_param { relu: true }", (2, 3))


def test_a_learned_statistic_is_refused():
    with pytest.raises(NetError, match="mean_sum is a statistic: lr_mult must be 0, not 1"):
        layer(TEXT + " param { lr_mult: 1 }", (2, 3))


def test_frozen_statistics_are_accepted():
    assert len(layer(TEXT + " param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 }", (2, 3)).blobs) == 3


def test_a_vector_is_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, ...\), found \(3,\)"):
        layer(TEXT, (3,))


def test_a_batch_of_nothing_leaves_the_statistics_as_they_are():
    it = layer('name: "bn" type: "BatchNorm"', (0, 3, 2, 2))
    for blob, values in zip(it.blobs, ([1, 2, 3], [4, 5, 6], [2]), strict=True):
        blob.data[...] = values
    run(it, np.zeros((0, 3, 2, 2)))
    assert [blob.data.tolist() for blob in it.blobs] == [[1, 2, 3], [4, 5, 6], [2]]
