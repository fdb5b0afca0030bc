"""upgrade: old nets and solvers become current ones, as Caffe's upgrade tools write them.

In this order, and each only where the file needs it:

    layers { layer { type: "conv" } }   2013   -> layers { type: CONVOLUTION }    upgrade_v0
    data_param { scale: 2 }             2014   -> transform_param { scale: 2 }    upgrade_v1, only in `layers`
    layers { type: CONVOLUTION }        2014   -> layer { type: "Convolution" }   upgrade_v1
    input: "data" input_dim: ...               -> layer { type: "Input" }
    BatchNorm with three `param`s              -> their lr_mult and decay_mult are 0

The surprise: scale, mean_file, crop_size and mirror inside the data_param of a *current* `layer` stay where
they are, and mean nothing there, to Caffe as to us.
"""

from typing import Any

from protonet.errors import NetError, SolverError
from protonet.prototxt.upgrade_v0 import upgrade_v0
from protonet.prototxt.upgrade_v1 import move_transforms, upgrade_v1

SOLVERS = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")  # by the number of the old enum

Origins = list[int | None]


def upgrade_net(net: Any) -> Origins:
    """Upgrades in place; says of each layer of the result which one of the file it was, or None."""
    origins: Origins = list(range(len(net.layers) or len(net.layer)))
    if net.layers and net.layer:
        raise NetError(
            'found both `layer { type: "ReLU" }` and the older `layers { type: RELU }`, expected one form: '
            "write every layer in the new one"
        )
    if any(layer.HasField("layer") for layer in net.layers):
        origins = [*upgrade_v0(net)]
    move_transforms(net)
    upgrade_v1(net)
    if net.input:
        origins = _inputs(net) + origins
    for layer in net.layer:
        if layer.type == "BatchNorm" and len(layer.param) == 3:  # its blobs are statistics, not learned
            for spec in layer.param:
                spec.lr_mult = spec.decay_mult = 0
    return origins


def _inputs(net: Any) -> Origins:
    """`input` fields become one Input layer at the front; without a shape (in old weight files) nothing."""
    count, shapes, dims = len(net.input), len(net.input_shape), len(net.input_dim)
    if shapes and shapes != count:
        raise NetError(f"expected one input_shape per input, found {shapes} for {count}: {_names(net)}")
    if dims and not shapes and dims != 4 * count:
        raise NetError(
            f"expected 4 input_dim per input, so {4 * count}, found {dims}: {_names(net)}; "
            "input_shape { dim: ... } takes any number of axes"
        )
    front: Origins = []
    if not shapes and not dims:
        _refuse_shapeless(net)
    else:
        layer = type(net)().layer.add(name="input", type="Input", top=net.input)
        for i in range(count):
            dim = net.input_shape[i].dim if shapes else net.input_dim[4 * i : 4 * i + 4]
            layer.input_param.shape.add(dim=dim)
        rest = list(net.layer)
        del net.layer[:]
        net.layer.extend([layer, *rest])
        front = [None]
    for field in ("input", "input_shape", "input_dim"):
        net.ClearField(field)
    return front


def _refuse_shapeless(net: Any) -> None:
    """Fields without a shape are harmless in a weight file, but a net to be run cannot do without."""
    if any(layer.blobs for layer in net.layer):
        return
    made = {top for layer in net.layer for top in layer.top}
    for layer in net.layer:
        for bottom in layer.bottom:
            if bottom in net.input and bottom not in made:
                raise NetError(
                    f"found no shape for the input '{bottom}', expected input_shape {{ dim: ... }} or four input_dim "
                    "for each input"
                ).at(f"layer '{layer.name}'")


def _names(net: Any) -> str:
    return ", ".join(f"'{name}'" for name in net.input)


def upgrade_solver(solver: Any) -> None:
    """The old enum `solver_type` becomes `type`, in place."""
    if not solver.HasField("solver_type"):
        return
    name = SOLVERS[solver.solver_type]
    if solver.HasField("type"):
        raise SolverError(
            f'found both type: "{solver.type}" and the older solver_type: {name.upper()}, expected one: '
            "drop solver_type",
            field="solver_type",
        )
    solver.type = name
    solver.ClearField("solver_type")
