import numpy as np
from numpy.testing import assert_array_equal

from protonet.data.draws import Draws


def test_a_batch_draws_the_same_however_the_run_came_to_it():
    whole, resumed = Draws(7, 3), Draws(7, 3, start=10)
    assert_array_equal(whole.batch(12).random(5), resumed.batch(2).random(5))


def test_everything_else_changes_what_is_drawn():
    drawn = [
        draws.batch(index).random()
        for draws, index in ((Draws(7, 3), 0), (Draws(7, 3), 1), (Draws(8, 3), 0), (Draws(7, 4), 0), (Draws(-7, 3), 0))
    ]
    assert len(set(drawn)) == len(drawn)


def test_orders_are_permutations_that_differ_by_epoch_and_file():
    draws = Draws(1, 2)
    orders = [draws.order(0, 20), draws.order(1, 20), draws.order(0, 20, 1)]
    for order in orders:
        assert_array_equal(np.sort(order), np.arange(20))
    assert len({tuple(order) for order in orders}) == 3


def test_the_start_is_below_what_is_asked():
    starts = {Draws(seed, 0).begin(5) for seed in range(100)}
    assert starts == set(range(5))
    assert Draws(1, 1).begin(0) == Draws(1, 1).begin(1) == 0
