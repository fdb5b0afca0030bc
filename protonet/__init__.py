"""protonet: Caffe prototxt in, a trained, folded and proven deploy net out.

    net = protonet.Net("deploy.prototxt", "weights.caffemodel", protonet.TEST)     # pycaffe's way
    model = protonet.load("deploy.prototxt", "weights.caffemodel")                 # model(image)["prob"]
    program = protonet.compile("deploy.prototxt", "weights.caffemodel")            # the fastest way
    protonet.get_solver("solver.prototxt").solve()
    protonet.deploy("train_val.prototxt", "iter_1000.caffemodel").save("deploy")

Names are imported when they are first used: `import protonet` itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protonet.caffe.layer import Layer
    from protonet.caffe.mode import layer_type_list, set_device, set_mode_cpu, set_mode_gpu, set_random_seed
    from protonet.caffe.net import Net
    from protonet.caffe.solver import (
        AdaDeltaSolver,
        AdaGradSolver,
        AdamSolver,
        NesterovSolver,
        RMSPropSolver,
        SGDSolver,
        get_solver,
    )
    from protonet.deploy import Deployed, deploy
    from protonet.engine.program import Program, compile
    from protonet.errors import ProtonetError
    from protonet.model import load
    from protonet.prototxt.parse import load_prototxt

__version__ = "0.1.0"
TRAIN, TEST = 0, 1

HOMES = {
    "protonet.caffe.layer": ["Layer"],
    "protonet.caffe.mode": ["layer_type_list", "set_device", "set_mode_cpu", "set_mode_gpu", "set_random_seed"],
    "protonet.caffe.net": ["Net"],
    "protonet.caffe.solver": [
        "AdaDeltaSolver", "AdaGradSolver", "AdamSolver", "NesterovSolver", "RMSPropSolver", "SGDSolver", "get_solver",
    ],
    "protonet.deploy": ["Deployed", "deploy"],
    "protonet.engine.program": ["Program", "compile"],
    "protonet.errors": ["ProtonetError"],
    "protonet.model": ["load"],
    "protonet.prototxt.parse": ["load_prototxt"],
}  # fmt: skip
NAMES = {name: home for home, names in HOMES.items() for name in names}

__all__ = [
    "TEST", "TRAIN", "AdaDeltaSolver", "AdaGradSolver", "AdamSolver", "Deployed", "Layer", "NesterovSolver", "Net",
    "Program", "ProtonetError", "RMSPropSolver", "SGDSolver", "compile", "deploy", "get_solver", "layer_type_list",
    "load", "load_prototxt", "set_device", "set_mode_cpu", "set_mode_gpu", "set_random_seed",
]  # fmt: skip


def __getattr__(name):
    if name in NAMES:
        value = globals()[name] = getattr(import_module(NAMES[name]), name)
        return value
    raise AttributeError(f"module 'protonet' has no attribute '{name}'")


def __dir__():
    return sorted(__all__)
