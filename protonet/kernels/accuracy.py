"""How often the label's class is among the best k.  x is (O, C, S): outer, classes, inner."""

from protonet.kernels.jit import f32, f64, i32, i64, kernel
from protonet.kernels.labels import class_of
from protonet.kernels.softmax import BLOCK

O, C, S = "OCS"


@kernel(out="rank score")
def ranks(x: f32[O, C, S], label: f32[O, S], rank: i32[O, S], score: f32[O, S], ignore: i64, begin, end):
    """rank <- how many classes score no less than the label's, itself included; tasks as in softmax, score is scratch.

    So written that a NaN counts as better than anything, and so as wrong.
    """
    O, C, S = x.shape
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        for s in range(first, last):
            k = class_of(label[o, s], C, ignore)
            score[o, s] = x[o, k, s] if k >= 0 else 0.0
            rank[o, s] = 0
        if S == 1:
            mine, n = score[o, 0], i32(0)
            for c in range(C):
                n += i32(0) if x[o, c, 0] < mine else i32(1)
            rank[o, 0] = n
        else:
            for c in range(C):
                for s in range(first, last):
                    rank[o, s] += i32(0) if x[o, c, s] < score[o, s] else i32(1)


@kernel(out="accuracy per_class counts")
def tally(
    label: f32[O, S],
    rank: i32[O, S],
    accuracy: f32[1],
    per_class: f32[C],
    counts: f64[2, C],
    k: i64,
    ignore: i64,
    begin,
    end,
):
    """accuracy <- share of labels ranked within k; per_class[c] <- the same among labels c; 0 of 0 is 0.  One task.

    counts is scratch.
    """
    O, S = label.shape
    C = per_class.shape[0]
    for c in range(C):
        counts[0, c], counts[1, c] = f64(0), f64(0)
    for o in range(O):
        for s in range(S):
            c = class_of(label[o, s], C, ignore)
            if c >= 0:
                counts[0, c] += f64(1)
                if rank[o, s] <= k:
                    counts[1, c] += f64(1)
    seen, right = f64(0), f64(0)
    for c in range(C):
        seen += counts[0, c]
        right += counts[1, c]
        per_class[c] = f32(counts[1, c] / counts[0, c]) if counts[0, c] > 0 else 0.0
    accuracy[0] = f32(right / seen) if seen > 0 else 0.0
