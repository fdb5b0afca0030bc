"""A training step (forward, backward, update) against PyTorch in both its layouts: interleaved rounds in one process.

    python -m tests.perf.training [--threads 1 2] [--rounds 10] [--memory] [NAME ...]

All start from the same weights, on the same batch.  First the losses of some steps are compared, with the layers that
draw numbers (Dropout) left out; then the whole net is timed.  ms are the best of all rounds, in brackets the median;
`ratio` is protonet's time over the faster layout's.  Run it alone, pinned (taskset) for one thread.  MB are what each
adds at most to a process of its own that has trained a tiny net before, and what Caffe's blobs are by arithmetic
(caffe_memory.py).
"""

import argparse
import importlib.util
import math
import time

import numpy as np

from tests.perf import caffe_memory, memory
from tests.perf.train_nets import NETS, RATE, solver_of, tiny

DECAY, STEPS = 0.0005, 3
LAYOUTS = "contiguous", "channels_last"
CAFFE = "Caffe"


def contenders(solver, threads, layouts=LAYOUTS):
    """{name: a function that makes one step and returns its loss}."""

    def ours():
        solver.step(1)
        return solver.losses[-1]

    runs = {"protonet": ours}
    if layouts and importlib.util.find_spec("torch"):
        from tests.perf.peers import torch_train

        runs |= {each: torch_train.trainer(solver.net, threads, each, RATE, DECAY) for each in layouts}
    return runs


def losses(runs):
    """The losses of the first steps of each, and the largest relative difference from ours after one of them.

    Later ones of nets with BatchNorm drift apart, those of PyTorch's two layouts too: they amplify rounding.
    """
    found = {name: [run() for _ in range(STEPS)] for name, run in runs.items()}
    ours = np.array(found["protonet"][:2])
    return found, max(float(np.abs(np.array(each[:2]) / ours - 1).max()) for each in found.values())


def measure(runs, rounds):
    """{name: (best s, median s)}."""
    times = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            run()  # what others left in the caches is not its fault
            begun = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begun)
    return {name: (min(each), float(np.median(each))) for name, each in times.items()}


def ratios(figures):
    """protonet's time over the faster layout's: of the best, of the medians."""
    peers = [f for name, f in figures.items() if name != "protonet"]
    return tuple(figures["protonet"][k] / min((f[k] for f in peers), default=math.nan) for k in (0, 1))


def row(name, threads, figures, difference, grown):
    cells = [f"{1e3 * b:.1f} ({1e3 * m:.1f})" for b, m in figures.values()]
    best, median = ratios(figures)
    cells += [f"**{best:.2f}** ({median:.2f})", f"{difference:.0e}"]
    cells += [f"{grown[each]:.0f}" for each in [*figures, CAFFE]] if grown else []
    return f"| {name} b{NETS[name][1]} | {threads} | " + " | ".join(cells) + " |"


def one(name, contender, threads, solver=None):
    """Some steps of one contender alone, for its memory."""
    solver = solver or solver_of(name, threads)
    run = contenders(solver, threads, [contender] if contender in LAYOUTS else [])[contender]
    if contender in LAYOUTS:
        for blob in solver.net.parameters.blobs:  # of which it has copies
            blob.data_store.made = None
    for _ in range(3):
        run()


def small(name, contender, threads):
    """The same of a tiny net: what any net takes."""
    one(name, contender, threads, tiny(threads))


def peaks(name, threads, whose):
    """MB of each of these, and Caffe's."""
    call, first = (f"tests.perf.training:{function}" for function in ("one", "small"))
    found = {who: memory.peak(call, name, who, threads, first=first) for who in whose}
    return found | {CAFFE: caffe_memory.train_bytes(solver_of(name, threads).net) / 2**20}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NETS)}")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--memory", action="store_true", help="peak MB of each in a process of its own")
    parser.add_argument("--losses", action="store_true", help="print the losses of the first steps")
    arguments = parser.parse_args()
    print(f"forward, backward and update; ms, best (median) of {arguments.rounds} rounds\n")
    names = ["protonet", *LAYOUTS]
    heads = [
        "net",
        "threads",
        *names,
        "ratio",
        "losses differ",
        *(f"{n} MB" for n in [*names, CAFFE] if arguments.memory),
    ]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    found: dict[int, list[float]] = {}
    for name in arguments.names or NETS:
        for threads in arguments.threads:
            each, difference = losses(contenders(solver_of(name, threads, dropout=False), threads))
            if arguments.losses:
                for who, values in each.items():
                    print(f"  {who}: " + " ".join(f"{value:.5f}" for value in values))
            figures = measure(contenders(solver_of(name, threads), threads), arguments.rounds)
            grown = arguments.memory and peaks(name, threads, figures)
            print(row(name, threads, figures, difference, grown), flush=True)
            found.setdefault(threads, []).append(ratios(figures)[0])
    for threads, each in found.items():
        print(f"\ngeometric mean of the ratios, {threads} thread(s): {math.exp(np.mean(np.log(each))):.3f}")


if __name__ == "__main__":
    main()
