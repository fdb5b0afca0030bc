"""Small nets by text, run by the engine and by Net, whose plan is exact.

    agree(conv("y", "x", 32, kernel=3, pad=1) + relu("y"), (2, 24, 9, 7))

On the way: whatever a run has not written is NaN, a second run gives the same bits, and so do two and three threads.
"""

import numpy as np
from numpy.testing import assert_array_equal

import protonet
from protonet.engine.program import compile
from protonet.graph.build import build
from protonet.graph.read import read
from protonet.io import Weights
from protonet.layers import make
from protonet.prototxt import parse

TOLERANCE = 2e-5  # of a blob's largest number


def layer(type, name, bottoms, param="", tops=None):
    lines = [f'bottom: "{bottom}"' for bottom in ([bottoms] if isinstance(bottoms, str) else bottoms)]
    lines += [f'top: "{top}"' for top in (tops or [name])]
    return f'layer {{ name: "{name}" type: "{type}" {" ".join(lines)} {param} }}\n'


def fields(**values):
    return " ".join(f"{name}: {value}" for name, value in values.items())


def conv(name, bottom, outputs, kernel=1, type="Convolution", **more):
    values = fields(num_output=outputs, **({"kernel_size": kernel} if kernel else {}), **more)
    return layer(type, name, bottom, f"convolution_param {{ {values} }}")


def relu(name, slope=0):
    return layer("ReLU", f"{name}_relu", name, f"relu_param {{ negative_slope: {slope} }}", [name])


def pool(name, bottom, method, **more):
    return layer("Pooling", name, bottom, f"pooling_param {{ {fields(pool=method, **more)} }}")


def dense(name, bottom, outputs, **more):
    return layer("InnerProduct", name, bottom, f"inner_product_param {{ {fields(num_output=outputs, **more)} }}")


def text(body, *shapes):
    """A deploy net with inputs x (of the first shape), x1, x2, ..."""
    result = ""
    for i, shape in enumerate(shapes):
        dims = " ".join(f"dim: {n}" for n in shape)
        name = f"x{i or ''}"
        result += f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }} }}\n'
    return result + body


def numbers(document, rng):
    """Weights for a net: normal, and such that activations stay near one."""
    definition = read(document, protonet.TEST)
    graph = build(definition.net, lambda param: make(param, protonet.TEST), definition.places)
    weights = {}
    for node in graph.nodes:
        arrays = []
        for param in node.layer.params(*(value.shape for value in node.inputs)):
            spread = np.sqrt(2 / max(1, np.prod(param.shape[1:]))) if len(param.shape) > 1 else 0.5
            arrays.append(np.asarray(rng.normal(0, spread, param.shape), np.float32))
        if node.type == "BatchNorm":
            arrays[1], arrays[2] = np.abs(arrays[1]) + 0.5, np.ones(1, np.float32)
        if arrays:
            weights[node.name] = arrays
    return Weights(weights)


def agree(body, *shapes, rng=None, tolerance=TOLERANCE, threads=(1, 2, 3), **options):
    """The engine's outputs are Net's.  Returns the program and its outputs."""
    rng = rng or np.random.default_rng(20)
    document = parse.loads(text(body, *shapes), "NetParameter")
    weights = numbers(document, rng)
    inputs = {f"x{i or ''}": rng.normal(size=shape).astype(np.float32) for i, shape in enumerate(shapes)}
    expected = exact(document, weights, inputs)
    results = []
    for n in threads:
        program = compile(document, weights, threads=n, **options)
        for _ in range(2):
            poison(program)
            results.append(program.run(inputs))
    for name, array in results[0].items():
        largest = np.abs(expected[name]).max(initial=1e-30)
        worst = np.abs(array - expected[name]).max(initial=0) / largest
        assert worst <= tolerance, f"{name} differs by {worst:.1e} of its largest number"
        for other in results[1:]:
            assert_array_equal(array, other[name], f"{name} depends on threads, or on the run before")
    return program, results[0]


def exact(document, weights, inputs):
    """Every blob as Net computes it."""
    net = protonet.Net(document, protonet.TEST, weights=weights)
    for name, array in inputs.items():
        net.blobs[name].reshape(*array.shape)
        net.blobs[name].data[...] = array
    net.reshape()
    net.forward()
    return {name: blob.data.copy() for name, blob in net.blobs.items()}


def poison(program):
    """NaN wherever a run must write before it reads."""
    for plan in program.plans:
        for steps in (memory.steps for memory in plan.idle):
            steps.memory["arena"][: len(steps.memory["arena"]) // 4 * 4].view(np.float32)[:] = np.nan
            steps.private[: len(steps.private) // 4 * 4].view(np.float32)[:] = np.nan


def operations(program):
    """The names of its kernels."""
    (plan,) = program.plans
    return [getattr(step.kernel, "name", "host") for step in plan.steps]
