import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError
from tests.naive.continuation_indicator import continuation_indicator
from tests.tools import layer


def made(text):
    return layer(f'type: "ContinuationIndicator" continuation_indicator_param {{ {text} }}')


@pytest.mark.parametrize(("T", "N"), [(13, 523), (1, 4), (5, 1)])
def test_agrees_with_one_number_at_a_time(T, N):
    assert_array_equal(made(f"time_step: {T} batch_size: {N}").forward()[0], continuation_indicator(T, N))


def test_three_times_of_two_sequences():
    assert_array_equal(made("time_step: 3 batch_size: 2").forward()[0], [[0, 0], [1, 1], [1, 1]])


def test_no_time_is_refused():
    with pytest.raises(NetError, match="time_step and batch_size must be at least 1"):
        made("batch_size: 3")
