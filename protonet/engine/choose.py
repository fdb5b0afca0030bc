"""Which algorithm computes a convolution: the cheapest by a cost in cycles, whose constants were measured.

pixels      few input channels (a picture): windows over channels that lie side by side
depthwise   one input channel for each output
winograd    3 x 3 and 5 x 5, stride 1: fewer products, for transforms and larger weights
strassen    1 x 1, many channels: seven half products for eight
direct      everything else
"""

from dataclasses import dataclass, replace
from math import inf

from protonet.engine.machine import W, l2
from protonet.engine.tiles import BROAD, ENOUGH, FMAS, NEAR, SLOW, SMALL, TILES, Problem, halved, products
from protonet.kernels.conv_blocked import AHEAD
from protonet.kernels.winograd_forms import FORMS, planes

FAR = 6.5  # bytes a cycle from DRAM (19 GB/s at 2.9 GHz)
LARGE = 32 << 20  # bytes of weights from which on a net lives in DRAM
HINDRANCE = 0.2
INWARD = OUTWARD = 7.5  # cycles to transform an input (of n x n), an output on its way (of n x m), a vector of channels
WORSE = 1.1  # what forms of eight points must win: they are four times less exact
PAIRS = tuple(tile for tile in TILES if tile[1] <= 2)  # what Winograd's kernels have
if TILES == SLOW:
    PAIRS = (7, 1), (16, 1), (7, 2), (14, 2)
ROWS = 64  # tiles up to which Winograd's weights are read once for all of them
LATE = 1.25  # times as long, if those come late
FEW_CHANNELS, FEW_GROUPS = 4, 8
MANY_CHANNELS = inf if W == 16 and FMAS == 2 else 128  # AVX-512 at full rate halves the time of products, not of passes
SPREAD, GATHER = (13, 9) if W == 16 else (8, 6)  # cycles a pixel of a half, and vector of channels
STEPS, GAIN = 2000, 1.02  # cycles to begin and end each of its nine steps; what its larger weights must win


@dataclass(frozen=True)
class Choice:
    """An algorithm, its tile (pixels, vectors), its cost in cycles; Winograd's (m, r), and tiles a block (0: all)."""

    name: str
    tile: tuple[int, int] = (0, 0)
    cost: float = 0.0
    form: tuple[int, int] = (0, 0)
    block: int = 0


def choose(p: Problem, exact=False, tune=None) -> Choice:
    """Winograd only where a window fits one of its forms and nobody asked for `exact`.

    tune(p, options) decides instead of the costs where there are several.
    """
    options = [direct(p)]
    plain = p.kernel[0] == p.kernel[1] and p.stride == (1, 1) and p.dilation == (1, 1) and p.G <= FEW_GROUPS
    if plain and not exact and p.C >= W:
        options += [winograd(p, form) for form in FORMS if form[1] == p.kernel[0]]
    halves = p.C % (2 * W) == 0 and p.K % (2 * W) == 0 and p.rows > 1 and min(p.C, p.K) >= MANY_CHANNELS
    if plain and not exact and halves and p.joined and p.kernel == (1, 1) and p.G == 1:
        options.append(strassen(p))
    if tune and len(options) > 1:
        return tune(p, options)
    return min(options, key=lambda choice: choice.cost)


def rate(weights):
    """Bytes a cycle at which the weights of a net of so many bytes come: from L2, L3 or DRAM."""
    return 2 * NEAR if weights < l2() else NEAR if weights < LARGE else FAR


def bounded(cycles, size, rate, times=1):
    """Cycles of work that goes on while `size` bytes of weights come in, so many times; they hinder each other."""
    transfer = size / rate * (times if size > l2() // 2 else 1)
    return max(cycles, transfer) + HINDRANCE * min(cycles, transfer)


def direct(p, tiles=TILES + SMALL):
    count, length = p.lines
    done = {tile: products(p.inputs * p.taps, count, length, p.vectors, tile, halved(p.K)) for tile in tiles}
    costs = {tile: bounded(p.G * cycles, p.weights, p.rate) for tile, cycles in done.items()}
    best = min(costs, key=lambda tile: costs[tile])
    return Choice("direct", best, costs[best])


def winograd(p, form):
    (m, r), inputs, many = form, p.blocks * W, planes(form)
    n = m + r - 1
    count = p.N * -(-p.rows // m) * -(-p.columns // m)
    weights = 4 * many * inputs * p.vectors * W
    best = Choice("winograd", PAIRS[0], inf, form)
    for tile in PAIRS:
        block = 0 if count <= ROWS else block_of(count, many * inputs * 4, weights, tile[0])
        times = -(-count // block) if block else 1
        cost = bounded(many * products(inputs, times, block or count, p.vectors, tile), weights, p.rate, times)
        cost += count * (p.blocks * many * INWARD + p.vectors * n * m * OUTWARD)
        cost *= p.G * (WORSE if n == 8 else 1) * (1 if block else late(tile, -(-count // tile[0])))
        if cost < best.cost:
            best = Choice("winograd", tile, cost, form, block)
    return best


def late(tile, passes):
    """How much longer products take whose weights are not there in time: kernels fetch them over AHEAD passes over all
    tiles, or at once for a single tile of so many sums that it takes long.
    """
    return LATE if FMAS == 1 and passes < AHEAD and (passes > 1 or tile not in BROAD) else 1


def strassen(p):
    """Four products into working memory, three into the output, whose rows may be apart."""
    rows = -(-p.rows // 2)
    half = replace(p, C=p.C // 2, K=p.K // 2, rows=rows)
    cost = 4 * direct(replace(half, joined=True)).cost + 3 * direct(half).cost
    cost += p.N * rows * p.columns * (p.blocks * SPREAD + p.vectors * GATHER) + 9 * STEPS
    return Choice("strassen", cost=GAIN * cost)


def grown(p, form):
    """Bytes by which Winograd's weights are more than a convolution's."""
    return 4 * p.G * (planes(form) - p.taps) * p.blocks * W * p.vectors * W


def block_of(count, size, weights, tiles):
    """How many of `count` tiles of `size` bytes go through all stages together: few while the weights stay in L2 beside
    them, else as many as fit, so that the weights are read less often; but there are to be some tasks.
    """
    wanted = 14 if weights <= l2() // 2 else min(l2() * 3 // 4 // size, -(-count // (ENOUGH // 2)))
    return max(1, wanted // tiles) * tiles
