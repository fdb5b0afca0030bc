"""Every layer type against the same in PyTorch, forward and backward: a Markdown table, and its worst ten.

    OMP_NUM_THREADS=1 taskset -c 1 python -m tests.perf.layers [--threads 1] [--rounds 30] [TYPE ...]

A layer is a net of one, run as users run it; PyTorch's tensors are contiguous and hold the same numbers, which are
compared.  The two take turns; a figure is the best of all rounds.  `ratio` is ours over PyTorch's.  Speed counts
the products of the definition, or the bytes of bottoms, tops and parameters, and backward of their gradients too.
PyTorch's forward makes its graph, as a net keeps what backward reads.
"""

import argparse
import importlib.util
import time

import numpy as np

from protonet import TRAIN
from protonet.layers import REGISTRY
from protonet.layers.fork_data import ForkData
from protonet.net.net import Net
from protonet.prototxt import parse
from tests.perf.layer_cases import CASES

# what reads and writes files, runs Python, or has nothing to compute, as its top is its bottom's own memory
OUTSIDE = {"Data", "HDF5Data", "HDF5Output", "ImageData", "MemoryData", "WindowData"}
OUTSIDE |= {"Input", "MatWrite", "Python", "Silence"}
OUTSIDE |= {name for name, kind in REGISTRY.items() if issubclass(kind, ForkData) or kind.shares == "all"}
CLOSE = 2e-3


class Ours:
    """A net of one layer, with numbers in all that it reads."""

    def __init__(self, case, threads):
        bottoms = "abcd"[: len(case.shapes)]
        text = "force_backward: true\n" if case.backward else ""
        for name, shape in zip(bottoms, case.shapes, strict=True):
            dims = " ".join(f"dim: {n}" for n in shape)
            text += f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }} }}\n'
        names = " ".join(f'bottom: "{name}"' for name in bottoms)
        text += f'layer {{ name: "it" type: "{case.type}" {names} top: "y" {case.text} }}'
        self.net = Net(parse.loads(text, "NetParameter"), TRAIN, trains=case.backward, threads=threads, seed=1)
        rng = np.random.default_rng(0)
        self.bottoms = [self.net.blobs[name] for name in bottoms]
        for blob, array in zip(self.bottoms, case.inputs(rng, case.shapes), strict=True):
            blob.data[...] = array
        self.params = self.net.params.get("it", [])
        place = self.net.places[self.net.layer_names.index("it")]
        self.tops = [self.net.blob_list[t] for t in place.tops]
        self.loss = any(place.loss_weights)
        self.wants = [case.backward and want for want in place.wants]
        self.forward = self.net.forward_layers
        self.backward = self.net.backward_layers if case.backward else None
        self.forward()
        if case.backward and not self.loss:
            for top in self.tops:
                top.diff[...] = rng.normal(size=top.shape)

    def bytes(self, backward):
        data = sum(4 * blob.count for blob in [*self.bottoms, *self.tops, *self.params])
        learn = [blob for blob, want in zip(self.bottoms, self.wants, strict=True) if want]
        return data + sum(4 * blob.count for blob in [*learn, *self.tops, *self.params]) if backward else data


class Theirs:
    """The same in PyTorch."""

    def __init__(self, case, ours):
        import torch

        from tests.perf.peers import torch_layers

        self.torch = torch
        names = dict(vars(torch_layers), torch=torch)
        self.bottoms = [
            torch.from_numpy(blob.data.copy()).requires_grad_(want)
            for blob, want in zip(ours.bottoms, ours.wants, strict=True)
        ]
        self.params = [torch.from_numpy(blob.data.copy()).requires_grad_(case.backward) for blob in ours.params]
        names |= dict(zip("abcd", self.bottoms, strict=False), w=self.params)
        code = compile(case.torch, case.type, "eval")
        self.forward = lambda: eval(code, names)
        self.tops = self.made()
        self.learn = [t for t in [*self.bottoms, *self.params] if t.requires_grad]
        self.diffs = [
            torch.from_numpy(top.diff.copy()).reshape(y.shape) for top, y in zip(ours.tops, self.tops, strict=False)
        ]
        self.backward = self.grad if case.backward else None

    def made(self):
        y = self.forward()
        return list(y) if isinstance(y, (list, tuple)) else [y]

    def grad(self):
        """The gradients, each in memory of its own, as a net's are: a view of what came in is copied."""
        given = {dy.untyped_storage().data_ptr() for dy in self.diffs}
        found = self.torch.autograd.grad(self.tops, self.learn, self.diffs, retain_graph=True, allow_unused=True)
        return [
            g.clone(memory_format=self.torch.contiguous_format)
            if g is not None and (g.untyped_storage().data_ptr() in given or not g.is_contiguous())
            else g
            for g in found
        ]


def differ(case, ours, theirs):
    """What of the two is not the same, or nothing."""
    pairs = [(top.data, y) for top, y in zip(ours.tops, theirs.tops, strict=False)]
    if case.backward:
        ours.net.clear_param_diffs()
        ours.backward()
        learn = [blob for blob, want in zip(ours.bottoms, ours.wants, strict=True) if want]
        pairs += [(b.diff, g) for b, g in zip([*learn, *ours.params], theirs.grad(), strict=True) if g is not None]
    for k, (mine, other) in enumerate(pairs):
        other = other.detach().numpy().reshape(mine.shape)
        scale = max(1e-12, float(np.abs(other).max()))
        if not np.abs(mine - other).max() <= CLOSE * scale:
            return f"array {k} differs by {np.abs(mine - other).max() / scale:.1e} of its largest"
    return ""


def best(runs, rounds):
    """The least time of each in s, in turns; as many rounds as a second or two allow."""
    least = {}
    for name, run in runs.items():
        run()
        begun = time.perf_counter()
        run()
        least[name] = time.perf_counter() - begun
    rounds = int(min(20 * rounds, max(rounds, 0.5 / sum(least.values()))))
    for _ in range(rounds):
        for name, run in runs.items():
            begun = time.perf_counter()
            run()
            least[name] = min(least[name], time.perf_counter() - begun)
    return least


def measure(case, threads, rounds, compared=True):
    """Rows (label, ms, ms of PyTorch or None, speed, its unit), forward and then backward."""
    ours = Ours(case, threads)
    theirs = Theirs(case, ours) if case.torch and compared else None
    if theirs and case.same and (why := differ(case, ours, theirs)):
        print(f"{case.type} {case.label}: {why}")
    for way in ("forward", "backward"):
        runs = {"ours": getattr(ours, way)}
        if theirs:
            runs["theirs"] = getattr(theirs, way)
        if runs["ours"] is None:
            continue
        took = best(runs, rounds)
        back = way == "backward"
        speed = (case.flops * (1 + back) or ours.bytes(back)) / took["ours"] / 1e9
        label = " ".join([case.type, *([f"({case.label})"] if case.label else []), *(["backward"] if back else [])])
        yield label, took["ours"], took.get("theirs"), speed, "GFLOP/s" if case.flops else "GB/s"


def row(label, ours, theirs, speed, unit):
    ratio = f"{1e3 * theirs:.3f} | {ours / theirs:.2f}" if theirs else "| "
    return f"| {label} | {1e3 * ours:.3f} | {ratio} | {speed:.1f} {unit} |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("types", nargs="*", help="only these")
    for option, default in (("threads", 1), ("rounds", 30)):
        parser.add_argument(f"--{option}", type=int, default=default)
    arguments = parser.parse_args()
    for name in arguments.types:
        if name not in {case.type for case in CASES}:
            parser.error(f"no case of {name}")
    there = importlib.util.find_spec("torch") is not None
    if there:
        importlib.import_module("torch").set_num_threads(arguments.threads)
    else:
        print("PyTorch is not installed: layers are timed alone\n")
    head = "| layer | ms | PyTorch | ratio | speed |\n|---|---|---|---|---|"
    print(head)
    rows = []
    for case in CASES:
        if not arguments.types or case.type in arguments.types:
            for one in measure(case, arguments.threads, arguments.rounds, there):
                print(row(*one), flush=True)
                rows.append(one)
    if not there:
        return
    compared = sorted((one for one in rows if one[2]), key=lambda one: one[1] / one[2], reverse=True)
    print(f"\nthe worst of {len(compared)} that were compared\n\n{head}")
    for one in compared[:10]:
        print(row(*one))


if __name__ == "__main__":
    main()
