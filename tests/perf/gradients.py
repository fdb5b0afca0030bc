"""The gradients of single convolutions, one thread: GFLOP/s, share of the FMA peak, and against PyTorch's (oneDNN).

    taskset -c 1 python -m tests.perf.gradients [--rounds 15] [--exact] [PART OF A NAME ...]

Each case is one layer, batch 8 unless said; its packing of weights counts, and so does adding to the plain gradient.
`direct` GFLOP/s count the products of the definition: Winograd's may exceed the peak.  `ratio` is the time over that of
PyTorch's faster layout, in interleaved rounds.  Times are of this process (CPU), so that others disturb them less.
"""

import argparse
import importlib.util
import time
from types import SimpleNamespace

import numpy as np

from protonet.engine.fuse import Act
from protonet.engine.layout import BLOCKED, PIXELS, Cell
from protonet.engine.plan import Constants, Lowering
from protonet.engine.train.convolution import Product
from protonet.engine.train.phases import Phases
from protonet.engine.train.weights import Weights
from protonet.kernels import peak
from protonet.kernels.simd import W
from protonet.layers.spatial import Window
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import Buffer, Emit
from tests.engine.train.cells import fill

TURNS = 200_000  # of the loop that measures the peak
LAYER = SimpleNamespace(name="conv")
CASES = [  # images, C, K, size of the map, kernel, stride, pad
    (8, 64, 64, 56, 3, 1, 1), (8, 128, 128, 28, 3, 1, 1), (8, 256, 256, 14, 3, 1, 1), (8, 512, 512, 7, 3, 1, 1),
    (8, 64, 256, 56, 1, 1, 0), (8, 256, 64, 56, 1, 1, 0), (8, 1024, 512, 14, 1, 1, 0), (8, 512, 2048, 7, 1, 1, 0),
    (8, 128, 128, 56, 3, 2, 1), (8, 256, 512, 56, 1, 2, 0), (8, 16, 64, 56, 3, 1, 1), (8, 16, 64, 56, 1, 1, 0),
    (8, 3, 64, 224, 7, 2, 3), (8, 3, 96, 227, 11, 4, 0), (8, 3, 64, 227, 3, 2, 0),
    (64, 20, 50, 12, 5, 1, 0), (64, 1, 20, 28, 5, 1, 0), (100, 32, 32, 16, 5, 1, 2),
]  # fmt: skip


def arrays(case, rng):
    """x, w, dy."""
    N, C, K, H, k, s, p = case
    out = (H + 2 * p - k) // s + 1
    shapes = (N, C, H, H), (K, C, k, k), (N, K, out, out)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def ours(which, case, exact):
    """A program that computes one gradient."""
    x, w, dy = arrays(case, np.random.default_rng(0))
    _, C, _, _, k, s, p = case
    window = Window((k, k), (s, s), (p, p), (p, p), (1, 1))
    at = Cell(x.shape, PIXELS if C <= 4 else BLOCKED, "x")
    of, to = Cell(dy.shape, BLOCKED, "dy"), Cell(x.shape, BLOCKED, "dx")
    learned = Buffer(w.shape, "own")
    learned.own().view(np.float32)[:] = w.reshape(-1)
    if which == "weights":
        at.need(p, p, p + s, p + s)
        op = Weights(LAYER, [at, of], [], window, 1, learned, exact)
    elif s == 1:
        pad = k - 1 - p, k - 1 - p
        turned = Window((k, k), (1, 1), pad, pad, (1, 1))
        op = Product(LAYER, [of], [to], None, Act(), None, turned, 1, w=learned, back=True)
        op.planned(SimpleNamespace(exact=exact))
    else:
        op = Phases(LAYER, [of], [to], window, 1, learned)
    for cell, values in ((at, x), (of, dy)):
        fill(cell, values)
    to.buffer.kind = "own"
    lowering = Lowering(SimpleNamespace(ops=[op], constants=Constants(), random=None))
    lowering.begin(op)
    op.lower(lowering)
    return Program(lowering.emit.steps, plan.packed(lowering.emit.steps), 1).run


def theirs(which, case, layout):
    """PyTorch's."""
    import torch

    torch.set_num_threads(1)
    kind = getattr(torch, layout)
    x, w, dy = (torch.tensor(each).contiguous(memory_format=kind) for each in arrays(case, np.random.default_rng(0)))
    s, p = case[5:]
    mask = [which == "data", which == "weights", False]
    backward = torch.ops.aten.convolution_backward
    return lambda: backward(dy, x, w, None, [s, s], [p, p], [1, 1], False, [0, 0], 1, mask)


def limit():
    """A program of FMAs alone, and its products."""
    emit = Emit().of(LAYER)
    emit(peak.multiply, Buffer((1, peak.CHAINS * W), "own"), TURNS)
    return Program(emit.steps, plan.exact(emit.steps), 1).run, peak.CHAINS * W * TURNS


def best(runs, rounds):
    """{name: least s}."""
    found = dict.fromkeys(runs, float("inf"))
    for run in runs.values():
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            begun = time.process_time()
            run()
            found[name] = min(found[name], time.process_time() - begun)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--exact", action="store_true", help="no Winograd")
    arguments = parser.parse_args()
    layouts = ("contiguous_format", "channels_last") if importlib.util.find_spec("torch") else ()
    alone, most = limit()
    print("| gradient | case | ms | GFLOP/s | of the peak | PyTorch: NCHW, NHWC, ms | ratio |")
    print("|---|---|---|---|---|---|---|")
    for which in ("weights", "data"):
        for case in CASES:
            N, C, K, H, k, s, _ = case
            name = f"{C} -> {K}, {H} x {H}, {k} x {k}" + (f" / {s}" if s > 1 else "") + f", {N} images"
            if arguments.parts and not any(part in f"{which} {name}" for part in arguments.parts):
                continue
            runs = {"peak": alone, "ours": ours(which, case, arguments.exact)}
            runs |= {layout: theirs(which, case, layout) for layout in layouts}
            took = best(runs, arguments.rounds)
            speed = np.prod(arrays(case, np.random.default_rng(0))[2].shape) * C * k * k / took["ours"]
            share, peers = speed / (most / took["peak"]), [took[layout] for layout in layouts]
            told = (
                ", ".join(f"{1e3 * t:.2f}" for t in peers)
                + " | "
                + (f"{took['ours'] / min(peers):.2f}" if peers else "")
            )
            print(
                f"| {which} | {name} | {1e3 * took['ours']:.2f} | {2e-9 * speed:.0f} | {100 * share:.0f} % | {told} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
