"""A layer: what a LayerParameter means.  Shapes and parameters are pure; forward and backward emit steps.

    @register("BatchNorm", spec="batch_norm_param")
    class BatchNorm(Layer):
        in_place = True

        def params(self, x): ...              # [Param(name, shape, filler)], from the shapes of the bottoms
        def infer(self, x): ...               # [shape of each top], from the shapes of the bottoms
        def forward(self, emit, x, y): ...    # bottoms, then tops, as blobs: emit(kernel, arguments..., tasks=C)
        def backward(self, emit, y, x): ...   # tops, then bottoms; asks emit.wants(x), emit.wants(param)

Constructing a layer allocates nothing and emitting leaves nothing on it: what backward needs goes through emit by name.
"""

from dataclasses import dataclass, field
from typing import Any

from protonet.errors import NetError, ShapeError

REGISTRY: dict[str, type["Layer"]] = {}
TRAIN, TEST = 0, 1


@dataclass
class Param:
    """A parameter blob: its name inside the layer, its shape, and how it starts: a FillerParameter or a number."""

    name: str
    shape: tuple[int, ...]
    filler: Any = 0.0
    learned: bool = True


@dataclass
class Count:
    """How many bottoms or tops a layer takes: from least to most (None: any number)."""

    least: int
    most: int | None = field(default=None)

    def check(self, n, what):
        if n < self.least or (self.most is not None and n > self.most):
            raise NetError(f"takes {self} {what}{'' if str(self) == '1' else 's'}, found {n}")

    def __str__(self):
        if self.least == self.most:
            return str(self.least)
        return f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"


def register(name, spec=None):
    """Enter a layer type under its Caffe name; `spec` is the LayerParameter field that holds its parameters."""

    def add(cls):
        REGISTRY[name] = cls
        cls.type, cls.spec_field = name, spec
        return cls

    return add


class Layer:
    """One layer of one net.

    param: the LayerParameter; spec: its *_param message; phase: TRAIN or TEST (the layer's own `phase` wins).
    Class attributes say what the builder must know before shapes exist.
    """

    type = ""
    spec_field: str | None = None
    bottoms: int | tuple[int, int | None] = 1  # exact, or (least, most or None)
    tops: int | tuple[int, int | None] = 1
    in_place: bool | tuple[int, ...] = False  # whether top 0 may be bottom 0
    loss = False  # top 0 has loss_weight 1 unless the prototxt says otherwise, and may be left unnamed
    auto_tops = False  # missing tops are made, unnamed (Caffe's AutoTopBlobs)
    no_gradient: tuple[int, ...] = ()  # bottoms that never receive one, such as labels: refused where one is needed
    constant: tuple[int, ...] = ()  # bottoms that are taken as they are: what made them learns nothing from here
    shares = ""  # "data": tops may be the bottom's own memory; "all": their gradients too
    source = False  # a data layer: no bottoms, tops filled by a host step
    dynamic = False  # shapes of the tops depend on values: see `compute`
    refused: tuple[str, ...] = ()  # fields of its message, a fork's, that it cannot obey: they must say the default
    folder: Any = ""  # of the prototxt: where its paths are looked for after the current directory
    clock: Any = (0, 0)  # (seed, iteration) of the net, for layers that draw in Python

    def __init__(self, param, phase=TRAIN):
        self.param, self.name = param, param.name
        self.phase = param.phase if param.HasField("phase") else phase
        self.spec: Any = getattr(param, self.spec_field) if self.spec_field else None
        self.check_counts()

    def check_counts(self):
        """Refuse a wrong number of bottoms or tops.  (Caffe: layer.hpp, CheckBlobCounts.)"""
        counted(self.bottoms).check(len(self.param.bottom), "bottom")
        wanted = counted(self.tops)
        if not (self.auto_tops and len(self.param.top) < wanted.least):
            wanted.check(len(self.param.top), "top")
        if len(self.param.bottom) and not self.in_place:
            for name in set(self.param.bottom) & set(self.param.top):
                raise NetError(f"{self.type} cannot work in place: '{name}' is both bottom and top; name the top apart")

    def params(self, *bottoms):
        """The parameter blobs, from the shapes of the bottoms."""
        return []

    def infer(self, *bottoms):
        """The shapes of the tops, from the shapes of the bottoms."""
        return [bottoms[0]]

    def forward(self, emit, *blobs):
        """Emit the steps that compute the tops."""
        raise NotImplementedError(self.type)

    def backward(self, emit, *blobs):
        """Emit the steps that compute the gradients emit.wants."""
        raise NetError(f"{self.type} has no gradient")

    def attach(self, blobs):
        """The net's memory of this layer's parameters, for layers that run in Python."""

    def macs(self, bottoms, tops):
        """Multiply-adds of one forward pass, for those layers whose time they decide; from lists of shapes."""
        return 0

    def compute(self, *arrays):
        """For dynamic layers: the tops' arrays from the bottoms' arrays, whatever shapes come out."""
        raise NotImplementedError(self.type)


def counted(n):
    return Count(n, n) if isinstance(n, int) else Count(*n)


def axis_of(axis, shape, what="axis"):
    """A canonical axis: negative ones count from the end.  Refused outside [-n, n)."""
    n = len(shape)
    if not -n <= axis < n:
        raise ShapeError(
            f"{what} {axis} is out of range for a {n}-axis blob of shape {tuple(shape)}: use {-n} to {n - 1}"
        )
    return axis % n
