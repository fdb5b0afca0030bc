"""The .caffemodel: a NetParameter in protobuf's binary form, whose layers hold their blobs.

    2014 and before   layers (2) { layer (1) { name (1), blobs (50) } }      V0
    2014              layers (2) { name (4), blobs (6) }                     V1
    since             layer (100) { name (1), blobs (7) }

Only names and blobs are read, so that any fork's layers do.  Written as Caffe writes it: the net's message (its name
and each layer with all parameters) with the blobs put in.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from protonet.errors import WeightsError
from protonet.io import blob, wire
from protonet.io.atomic import replacing
from protonet.io.sniff import what_is
from protonet.io.weights import Weights
from protonet.proto import caffe_pb2, dialect

LAYER, V1 = 100, 2  # fields of NetParameter
NAME, BLOBS, V1_NAME, V1_BLOBS, V0, V0_NAME, V0_BLOBS = 1, 7, 4, 6, 1, 1, 50


def read(path: str | Path) -> Weights:
    """The weights of a caffemodel; a file that is none is refused by what it is."""
    if what := what_is(path):
        raise WeightsError(f"expected a caffemodel, found {what}", path)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
        try:
            weights = parse(buffer, str(path))
        except WeightsError as error:
            raise error.at(path) from None
    return weights


def parse(buffer: Any, source: str = "") -> Weights:
    weights = Weights(source=source)
    last = ""
    try:
        for name, blobs in layers(buffer):
            last = name
            found = []
            for i, (begin, end) in enumerate(blobs):
                try:
                    found.append(blob.read(buffer, begin, end))
                except WeightsError as error:
                    raise error.at(f"layer '{name}': blob {i}") from None
            if found or name not in weights:  # a data layer may stand there twice
                weights[name] = [one.data for one in found]
                if any(one.diff is not None for one in found):
                    weights.diffs[name] = [one.diff if one.diff is not None else 0 * one.data for one in found]
    except wire.Broken as error:
        raise broken(buffer, error, last) from None
    if not weights:
        raise WeightsError(f"expected a caffemodel, found {relative(buffer) or 'a message without layers'}")
    return weights


def layers(buffer: Any) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """(name, where its blobs lie) of each layer, as the file has them."""
    for number, kind, begin, end in wire.fields(buffer):
        if kind != wire.BYTES:
            if number in (1, V1, 3, LAYER):
                raise WeightsError(f"expected a caffemodel, found {relative(buffer) or 'another kind of message'}")
        elif number == LAYER:
            yield named(buffer, begin, end, NAME, BLOBS)
        elif number == V1:
            inner = [
                (at, stop) for one, how, at, stop in wire.fields(buffer, begin, end) if (one, how) == (V0, wire.BYTES)
            ]
            name, blobs = named(buffer, begin, end, V1_NAME, V1_BLOBS)
            for at, stop in inner:
                inner_name, inner_blobs = named(buffer, at, stop, V0_NAME, V0_BLOBS)
                name, blobs = name or inner_name, blobs + inner_blobs
            yield name, blobs


def named(buffer, begin, end, name_field, blobs_field) -> tuple[str, list[tuple[int, int]]]:
    name, blobs = "", []
    for number, kind, at, stop in wire.fields(buffer, begin, end):
        if kind == wire.BYTES and number == name_field:
            name = wire.text(buffer, at, stop)
        elif kind == wire.BYTES and number == blobs_field:
            blobs.append((at, stop))
    return name, blobs


def broken(buffer: Any, error: wire.Broken, last: str) -> WeightsError:
    """Why a file does not read: cut in its last layer, or no such message at all."""
    if last and error.cut:
        return WeightsError(f"the file ends in the middle, after layer '{last}': a truncated download? ({error})")
    if last:
        return WeightsError(f"the file is damaged after layer '{last}' ({error})")
    if error.cut and error.at < 4096 and bytes(buffer[:1]) in b"\x0a\x12\xa2":
        return WeightsError(f"the file ends in the middle of its first layer: a truncated download? ({error})")
    return WeightsError(f"expected a caffemodel, found no protobuf message ({error})")


def relative(buffer: Any) -> str:
    """Which of Caffe's other messages it is, if one."""
    try:
        seen = {(number, kind) for number, kind, _, _ in wire.fields(buffer)}
    except wire.Broken:
        return ""
    if (1, wire.VARINT) in seen and (3, wire.BYTES) in seen and (5, wire.BYTES) not in seen:
        return "a solverstate: the weights are in the .caffemodel beside it"
    if (5, wire.BYTES) in seen and (1, wire.VARINT) in seen:
        return "a single blob (a mean file)"
    if (7, wire.BYTES) in seen and (8, wire.BYTES) in seen:
        return "an ONNX model"
    return ""


def write(path: str | Path, weights: Weights, net: Any = None, diffs: bool = False) -> None:
    """Write weights; `net` is the NetParameter whose layers hold them, without it the layers have their names only."""
    if net is None:
        net = caffe_pb2.NetParameter()
        for name in weights:
            net.layer.add(name=name)
    head = type(net)()
    head.CopyFrom(net)
    head.ClearField("layer")
    with replacing(path) as aside, aside.open("wb") as file:
        file.write(serialized(head))
        for layer in net.layer:
            message = type(layer)()
            message.CopyFrom(layer)
            message.ClearField("blobs")
            gradients = weights.diffs.get(layer.name, []) if diffs else []
            write_layer(file, serialized(message), weights.get(layer.name, []), gradients)


def write_layer(file: BinaryIO, message: bytes, arrays: list, gradients: list) -> None:
    """A layer with its blobs where their number puts them: after param (6), before include (8)."""
    cut = next((at for number, at in starts(message) if number > BLOBS), len(message))
    pairs = [(array, gradients[i] if i < len(gradients) else None) for i, array in enumerate(arrays)]
    sizes = [blob.size(*pair) for pair in pairs]
    inside = sum(len(wire.field(BLOBS, wire.BYTES, size)) + size for size in sizes)
    file.write(wire.field(LAYER, wire.BYTES, len(message) + inside))
    file.write(message[:cut])
    for pair in pairs:
        blob.write(file, BLOBS, *pair)
    file.write(message[cut:])


def starts(message: bytes) -> Iterator[tuple[int, int]]:
    """(number, where its tag begins) of each field."""
    at = 0
    for number, _, _, end in wire.fields(message):
        yield number, at
        at = end


def serialized(message: Any) -> bytes:
    return dialect.to_wire(message)
