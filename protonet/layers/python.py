"""Python: a layer of the user's own, as in pycaffe.

    layer { type: "Python" bottom: "x" top: "y" python_param { module: "mine" layer: "Twice" param_str: "2" } }

    class Twice(protonet.Layer):
        def setup(self, bottom, top): ...                         # once; may call self.blobs.add_blob(3, 4)
        def reshape(self, bottom, top): top[0].reshape(*bottom[0].shape)
        def forward(self, bottom, top): top[0].data[...] = 2 * bottom[0].data
        def backward(self, top, propagate_down, bottom): bottom[0].diff[...] = 2 * top[0].diff

The module is imported as Python imports any: from the current folder and PYTHONPATH.  The surprise: that runs code
which the prototxt names.  A program that loads prototxts of others turns it off with `allow(False)`, as our command
line does.

What goes wrong in it is a NetError that names the layer, the method and the line; its cause is what was raised there,
with the traceback.  share_in_parallel says nothing here: one process has one such layer.
"""

import importlib
import importlib.util
import os
import sys
import traceback
from typing import Any
from zlib import crc32

import numpy as np

from protonet.data.draws import Draws
from protonet.errors import NetError, ProtonetError
from protonet.layers.base import Layer, Param, register

ALLOWED = [True]


def allow(yes):
    """Whether a prototxt may name code that is imported and run."""
    ALLOWED[0] = bool(yes)


class PythonBlob:
    """What a Python layer sees of a bottom, a top or a parameter: arrays, and a shape that it may set."""

    def __init__(self, shape=(), data=None, diff=None):
        self._shape = tuple(shape)
        self._data, self._diff = data, diff

    def part(self, name):
        array = getattr(self, name)
        if array is None or array.shape != self._shape:
            same = array is not None and array.size == self.count  # what is there stays
            setattr(self, name, array := array.reshape(self._shape) if same else np.zeros(self._shape, np.float32))
        return array

    shape = property(lambda self: self._shape)
    data = property(lambda self: self.part("_data"))
    diff = property(lambda self: self.part("_diff"))
    count = property(lambda self: int(np.prod(self._shape)))

    def reshape(self, *shape):
        if min(shape, default=0) < 0:
            raise ValueError(f"a shape has no negative sizes, found {shape}")
        self._shape = tuple(map(int, shape))

    def axis(self, i):
        return self._shape[i] if i < len(self._shape) else 1

    num = property(lambda self: self.axis(0))
    channels = property(lambda self: self.axis(1))
    height = property(lambda self: self.axis(2))
    width = property(lambda self: self.axis(3))


class PythonBlobs(list):
    """The parameters of a Python layer."""

    def add_blob(self, *shape):
        self.append(PythonBlob(shape))


class UserLayer:
    """The base of layers written in Python; `protonet.Layer` (pycaffe: caffe.Layer).  phase: 0 in TRAIN, 1 in TEST.

    random: a numpy Generator, new for each forward, of the net's seed, the layer's name and the iteration.
    """

    random: np.random.Generator
    chooses = False  # of those that are built in: no gradient comes out of it

    def __init__(self, param_str="", phase=0):
        self.param_str, self.phase, self.blobs = param_str, phase, PythonBlobs()

    param_str_ = property(lambda self: self.param_str)  # as it was named in Caffe's first versions

    def setup(self, bottom, top):
        """Called once, before the first reshape."""

    def reshape(self, bottom, top):
        """Give every top its shape."""
        raise NotImplementedError("define it: it gives every top its shape, top[0].reshape(...)")

    def forward(self, bottom, top):
        """Fill the tops' data."""
        raise NotImplementedError("define it: it fills top[0].data[...]")

    def backward(self, top, propagate_down, bottom):
        """Fill the diff of those bottoms that propagate_down asks for, and add to the diff of self.blobs."""
        raise NotImplementedError(
            "define it: it fills bottom[0].diff[...]; or say propagate_down: false in the prototxt"
        )


@register("Python", spec="python_param")
class Python(Layer):
    bottoms, tops, dynamic = (0, None), (0, None), True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        self.user: Any = None
        self.user, self.ready = self.made(), False

    def made(self):
        """An instance of the class that python_param names."""
        from protonet.layers.published import CLASSES, known

        spec = self.spec
        if built_in := known(CLASSES, spec):
            user = built_in(spec.param_str, self.phase)
            if user.chooses:
                self.constant = tuple(range(len(self.param.bottom)))
            return user
        if not ALLOWED[0]:
            raise NetError(
                f"would import module '{spec.module}' and run its class {spec.layer}: that is code, and runs only if "
                "you say so, with --python-layers"
            )
        cls = getattr(imported(spec.module), spec.layer, None)
        if cls is None:
            raise NetError(f"module '{spec.module}' has no class '{spec.layer}'")
        if not (isinstance(cls, type) and issubclass(cls, UserLayer)):
            raise NetError(
                f"'{spec.layer}' of module '{spec.module}' must derive from protonet.Layer, which caffe.Layer is after "
                "`import protonet as caffe`"
            )
        self.user = cls.__new__(cls)
        UserLayer.__init__(self.user, spec.param_str, self.phase)
        if cls.__init__ is not UserLayer.__init__:
            self.call("__init__", spec.param_str, self.phase)
        return self.user

    def call(self, method, *arguments):
        """A method of the user's; what goes wrong there is told with its name and place."""
        try:
            return getattr(self.user, method)(*arguments)
        except ProtonetError:
            raise
        except Exception as error:
            raise NetError(f"{self.spec.module}.{self.spec.layer}.{method} failed{told(error)}") from error

    def shaped(self, bottoms):
        """Tops as setup and reshape leave them."""
        tops = [PythonBlob() for _ in self.param.top]
        if not self.ready:
            self.call("setup", bottoms, tops)
            self.ready = True
        self.call("reshape", bottoms, tops)
        return tops

    def infer(self, *shapes):
        return [top.shape for top in self.shaped([PythonBlob(shape) for shape in shapes])]

    def params(self, *shapes):
        if not self.ready:
            self.infer(*shapes)
        return [Param(f"blob{i}", blob.shape, blob.data) for i, blob in enumerate(self.user.blobs)]

    def attach(self, blobs):
        """The net's memory becomes what the user's code knows as self.blobs."""
        self.user.blobs[:] = [PythonBlob(blob.shape, blob.data, blob.diff) for blob in blobs]

    def compute(self, *arrays):
        bottoms = [PythonBlob(a.shape, a) for a in arrays]
        tops = self.shaped(bottoms)
        seed, iteration = map(int, self.clock)
        self.user.random = Draws(seed, crc32(self.name.encode())).batch(iteration)
        self.call("forward", bottoms, tops)
        return [top.data for top in tops]

    def backward(self, emit, *blobs):
        n = len(self.param.top)
        tops, bottoms = blobs[:n], blobs[n:]
        down = [emit.wants(b) for b in bottoms]
        arrays = [part for b in blobs for part in (b.data, b.diff) if part is not None]
        there = [[part is not None for part in (b.data, b.diff)] for b in blobs]

        def run(*given):
            parts = iter(given)
            made = [PythonBlob(*self.seen(flags, parts)) for flags in there]
            self.call("backward", made[: len(tops)], down, made[len(tops) :])

        emit.host(run, *arrays)

    @staticmethod
    def seen(flags, parts):
        has_data, has_diff = flags
        data = next(parts) if has_data else None
        diff = next(parts) if has_diff else None
        return (data if data is not None else diff).shape, data, diff  # type: ignore[union-attr]


def imported(name):
    """The user's module; a script that says `import caffe` gets protonet where no Caffe is installed."""
    if "caffe" not in sys.modules and importlib.util.find_spec("caffe") is None:
        sys.modules["caffe"] = sys.modules["protonet"]
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise NetError(f"module '{name}' failed when it was imported{told(error)}") from error
        raise NetError(
            f"module '{name}' is in no folder where it is looked for: add its folder to PYTHONPATH"
        ) from None
    except Exception as error:
        raise NetError(f"module '{name}' failed when it was imported{told(error)}") from error


def told(error):
    """Where in the user's code an error was raised, and what it says, in one line."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in OURS]
    mine = [frame for frame in frames if not any(part in frame.filename for part in INSTALLED)] or frames
    at = f" at {mine[-1].filename}:{mine[-1].lineno}" if mine else ""
    if isinstance(error, SyntaxError) and error.filename:
        at = f" at {error.filename}:{error.lineno}"
    text = " ".join(str(getattr(error, "msg", None) or error).split())
    return f"{at} with {type(error).__name__}" + (f": {text}" if text else "")


OURS = {__file__, importlib.__file__}
INSTALLED = "<frozen ", f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}"
