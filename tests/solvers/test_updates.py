"""The update by hand: multipliers, decay, clipping, iter_size; and the memory it works on."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import SolverError
from tests.net.tools import dummy, ip, layer
from tests.solvers.tools import LINEAR, solver

MULTIPLIED = LINEAR.replace('type: "InnerProduct"', 'type: "InnerProduct" param { lr_mult: 3 decay_mult: 2 } param { }')


def gradient(made):
    """The gradients at the weights of now, as one batch gives them."""
    made.net.clear_param_diffs()
    made.net.forward_layers()
    made.net.backward_layers()
    return [blob.diff.copy() for blob in made.net.params["fc"]]


def test_rates_and_decay_are_multiplied_by_parameter():
    made = solver("weight_decay: 0.25", net=MULTIPLIED)
    (w, b), (dw, db) = [blob.data.copy() for blob in made.net.params["fc"]], gradient(made)
    made.step(1)
    assert_allclose(made.net.params["fc"][0].data, w - 0.1 * 3 * (dw + 0.25 * 2 * w), rtol=1e-5)
    assert_allclose(made.net.params["fc"][1].data, b - 0.1 * (db + 0.25 * b), rtol=1e-5)


def test_decay_may_be_of_the_absolute_values():
    made = solver("weight_decay: 0.25 regularization_type: 'L1'", net=LINEAR)
    w, dw = made.net.params["fc"][0].data.copy(), gradient(made)[0]
    made.step(1)
    assert_allclose(made.net.params["fc"][0].data, w - 0.1 * (dw + 0.25 * np.sign(w)), rtol=1e-5)


def test_another_regularization_is_refused():
    with pytest.raises(SolverError, match="unknown regularization_type 'L3': there are L1 and L2"):
        solver("regularization_type: 'L3'", net=LINEAR)


def test_a_parameter_of_rate_0_stays_and_so_does_its_history():
    text = LINEAR.replace('type: "InnerProduct"', 'type: "InnerProduct" param { lr_mult: 0 } param { lr_mult: 1 }')
    made = solver("momentum: 0.9 weight_decay: 0.5", net=text)
    before = [blob.data.copy() for blob in made.net.params["fc"]]
    made.step(3)
    assert_array_equal(made.net.params["fc"][0].data, before[0])
    assert not made.update.history[0][0].data.any()
    assert (made.net.params["fc"][1].data != before[1]).all()


def test_gradients_are_clipped_by_their_common_norm(caplog):
    free = solver("", net=LINEAR)
    norm = float(np.sqrt(sum(np.square(d, dtype="f8").sum() for d in gradient(free))))
    clipped, loose = (solver("", net=LINEAR, clip_gradients=at) for at in (norm / 4, norm * 4))
    before = free.net.params["fc"][0].data.copy()
    with caplog.at_level("INFO", "protonet.solvers"):
        for made in free, clipped, loose:
            made.step(1)
    moved = [made.net.params["fc"][0].data - before for made in (free, clipped, loose)]
    assert_allclose(moved[1], moved[0] / 4, rtol=1e-4, atol=1e-7)
    assert_array_equal(moved[2], moved[0])
    (line,) = [m for m in caplog.messages if m.startswith("Gradient clipping")]
    assert line == f"Gradient clipping: scaling down gradients (L2 norm {norm:g} > {norm / 4:g}) by scale factor 0.25"


def test_several_batches_make_one_step():
    """iter_size: 3 of one constant batch is the batch itself."""
    made, thrice = solver("", net=LINEAR), solver("iter_size: 3", net=LINEAR)
    made.step(2)
    thrice.step(2)
    assert_allclose(thrice.net.params["fc"][0].data, made.net.params["fc"][0].data, rtol=1e-5)
    assert thrice.net.clock[1] == 6


def test_the_update_follows_parameters_that_move():
    made, other = solver("", net=LINEAR), solver("", net=LINEAR, random_seed=9)
    made.step(1)
    made.net.share_with(other.net)
    before = other.net.params["fc"][0].data.copy()
    made.step(1)
    assert (other.net.params["fc"][0].data != before).any()


def test_shared_parameters_are_updated_once():
    text = (
        dummy((2, 3), (2,), fillers=['type: "constant" value: 2', 'type: "constant" value: 1'])
        + ip("a", "data", "a", 3, 'param { name: "w" }')
        + ip("fc", "a", "fc", 3, 'param { name: "w" }')
        + layer("loss", "SoftmaxWithLoss", "fc label", "loss")
    )
    made = solver("momentum: 0.9", net=text)
    w, dw = made.net.params["fc"][0].data.copy(), gradient(made)[0]
    assert len(made.update.history[0]) == 3
    made.step(1)
    assert_allclose(made.net.params["fc"][0].data, w - 0.1 * dw, rtol=1e-5)
