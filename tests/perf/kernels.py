"""The blocked kernels one by one: GFLOP/s and share of the FMA peak, or GB/s and share of what the cache level gives.

    taskset -c 1 python -m tests.perf.kernels [--rounds 30] [PART OF A NAME ...]

The limits are measured first.  Each case is one layer of a net, compiled as any net is, all its steps counted, weights
and activations as warm as repeating one layer makes them.  `direct` GFLOP/s count the products of the definition:
Winograd's may exceed the peak.
"""

import argparse
import time

import numpy as np

from protonet.engine.machine import W, l2
from protonet.engine.memory import piece
from protonet.engine.program import compile
from protonet.kernels import peak
from protonet.prototxt import parse
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer, Emit
from tests.engine.tools import conv, dense, layer, numbers, pool, relu, text


class Named:
    name = "limits"


def best(run, rounds):
    least = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        least = min(least, time.perf_counter() - begun)
    return least


def alone(one, *arguments):
    emit = Emit().of(Named)
    emit(one, *arguments)
    return Program(emit.steps, plan.exact(emit.steps), 1)


def limits(rounds):
    """(GFLOP/s, {size in bytes: GB/s})."""
    y, n = Buffer((1, 1024), "own"), 1_000_000
    flops = 2 * W * peak.CHAINS * n / best(alone(peak.multiply, y, n).run, rounds) / 1e9
    speeds = {}
    for size in (16 << 10, l2() // 2, 8 * l2(), 256 << 20):
        x = Buffer((1, size // 4), "own", memory=piece(size)[:size].view(np.float32))
        times = max(1, (64 << 20) // size)
        speeds[size] = size * times / best(alone(peak.read, x, y, times).run, max(3, rounds // 4)) / 1e9
    return flops, speeds


def one(C, K, H, kernel=1, **more):
    """A convolution alone: name, net, shape, products."""
    stride, pad = more.pop("stride", 1), more.pop("pad", kernel // 2)
    group = more.get("group", 1)
    out = (H + 2 * pad - kernel) // stride + 1
    body = conv("y", "x", K, kernel, stride=stride, pad=pad, **more) + relu("y")
    label = f"{C} -> {K}, {H} x {H}, {kernel} x {kernel}" + (f" / {stride}" if stride > 1 else "")
    return label + (f", {group} groups" if group > 1 else ""), body, (1, C, H, H), C // group * K * kernel**2 * out**2


CASES = [
    one(3, 64, 224, 7, stride=2, pad=3), one(3, 64, 227, 3, stride=2, pad=0), one(3, 96, 227, 11, stride=4, pad=0),
    one(64, 64, 56), one(16, 64, 56), one(64, 16, 56), one(64, 256, 56), one(256, 64, 56), one(128, 128, 28),
    one(512, 512, 14), one(1024, 256, 14), one(1024, 1024, 7), one(512, 2048, 7), one(512, 1000, 13),
    one(256, 512, 56, stride=2),
    one(64, 64, 56, 3), one(128, 128, 28, 3), one(256, 256, 14, 3), one(512, 512, 7, 3), one(512, 512, 28, 3),
    one(64, 64, 224, 3), one(64, 256, 13, 3), one(96, 256, 27, 5, group=2), one(32, 96, 28, 5),
    one(128, 128, 28, 3, stride=2),
]  # fmt: skip
NARROW = [
    one(32, 32, 112, 3, group=32), one(128, 128, 56, 3, group=128), one(512, 512, 14, 3, group=512),
    one(64, 64, 112, 3, stride=2, group=64), one(1024, 1024, 7, 3, group=1024),
    ("max 3 x 3 / 2, 64, 112 x 112", pool("y", "x", "MAX", kernel_size=3, stride=2), (1, 64, 112, 112), 0),
    ("max 2 x 2 / 2, 64, 224 x 224", pool("y", "x", "MAX", kernel_size=2, stride=2), (1, 64, 224, 224), 0),
    ("average of 7 x 7, 1024", pool("y", "x", "AVE", global_pooling="true"), (1, 1024, 7, 7), 0),
    ("LRN 5, 192, 56 x 56", layer("LRN", "y", "x", "lrn_param { local_size: 5 alpha: 0.1 }"), (1, 192, 56, 56), 0),
    ("dense 9216 -> 4096", dense("y", "x", 4096), (1, 9216, 1, 1), 9216 * 4096),
    ("dense 1024 -> 1000, 16 images", dense("y", "x", 1000), (16, 1024, 1, 1), 16 * 1024 * 1000),
]  # fmt: skip


def measured(body, shape, rounds):
    """(s of the layer without conversions, names of its kernels, bytes it moves)."""
    into = conv("in", "in0", shape[1]).replace('"in"', '"x"')
    first = (shape[0], 4, *shape[2:]) if shape[1] > 4 else shape
    whole = text(into + body if shape[1] > 4 else body, first).replace('"x"', '"in0"', 2 if shape[1] > 4 else 0)
    document = parse.loads(whole, "NetParameter")
    program = compile(document, numbers(document, np.random.default_rng(0)), threads=1)
    program.run(np.random.default_rng(0).normal(size=first))
    (made,) = program.plans
    steps = made.idle[-1].steps
    least = None
    for _ in range(rounds):
        ns = steps.time()
        least = ns if least is None else np.minimum(least, ns)
    mine = [
        i for i, step in enumerate(steps.steps) if step.label.startswith(("y ", "y_relu ")) and "to_p" not in step.label
    ]
    moved = sum(4 * view.count for i in mine for view in steps.steps[i].views if view.dtype == "float32")
    return sum(least[i] for i in mine) / 1e9, [steps.steps[i].kernel.name for i in mine], moved


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    flops, speeds = limits(arguments.rounds)
    print(f"{W} floats a vector; FMA peak {flops:.0f} GFLOP/s; reading", end=" ")
    print(", ".join(f"{size >> 10} KB {speed:.0f} GB/s" for size, speed in speeds.items()), "\n")
    print("| case | us | GFLOP/s | of the peak | GB/s | kernels |\n|---|---|---|---|---|---|")
    for label, body, shape, products in CASES + NARROW:
        if arguments.parts and not any(part in label for part in arguments.parts):
            continue
        took, names, moved = measured(body, shape, arguments.rounds)
        speed = 2 * products / took / 1e9
        share = f"{speed:.0f} | {100 * speed / flops:.0f} %" if products else " | "
        print(
            f"| {label} | {1e6 * took:.1f} | {share} | {moved / took / 1e9:.0f} | {', '.join(dict.fromkeys(names))} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
