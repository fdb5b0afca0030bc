"""A small solver whose data repeat: the same rows every iteration, or drawn by the number of the iteration."""

import protonet
from protonet.prototxt import parse
from tests.net.tools import CNN, dummy, ip, layer

NET = 'name: "small"\n' + CNN + layer("acc", "Accuracy", "fc label", "acc", "include { phase: TEST }")
LINEAR = (
    'name: "linear"\n'
    + dummy((2, 3), (2,), fillers=['type: "constant" value: 2', 'type: "constant" value: 1'])
    + ip("fc", "data", "fc", 2)
    + layer("loss", "SoftmaxWithLoss", "fc label", "loss")
)


def param(text="", net=NET, **fields):
    """A SolverParameter with the net in it."""
    made = parse.loads("base_lr: 0.1 lr_policy: 'fixed' random_seed: 7 max_iter: 6\n" + text, "SolverParameter").message
    made.net_param.CopyFrom(parse.loads(net).message)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def solver(text="", net=NET, threads=1, **fields):
    return protonet.get_solver(param(text, net, **fields), threads=threads)


def arrays(made):
    """Everything a training run leaves: parameters, statistics, histories."""
    found = {(name, i): blob.data.copy() for name, blobs in made.net.params.items() for i, blob in enumerate(blobs)}
    histories = enumerate(made.update.history)
    return found | {("history", k, i): blob.data.copy() for k, each in histories for i, blob in enumerate(each)}


__all__ = ["LINEAR", "NET", "arrays", "param", "solver"]
