from protonet.kernels import pointwise
from protonet.layers.memory import pass_on, same, three
from protonet.runtime.step import Blob, Buffer, Emit


class Named:
    name = "it"


def test_a_shape_is_seen_in_three_parts():
    assert three((2, 3, 4, 5), 1) == (2, 3, 20)
    assert three((2, 3, 4, 5), 1, 3) == (2, 12, 5)
    assert three((2, 3), 2, 2) == (6, 1, 1)


def test_one_memory_is_not_copied_to_itself():
    emit, x, y = Emit().of(Named()), Blob(Buffer((4,))), Blob(Buffer((4,)))
    pass_on(emit, x, x)
    assert emit.steps == []
    pass_on(emit, x, y)
    assert [step.kernel for step in emit.steps] == [pointwise.copy]


def test_parts_of_one_buffer_are_apart():
    whole = Buffer((2, 3))
    assert same(whole, whole.seen(6))
    assert not same(whole.seen(3), whole.seen(3, start=3))
