"""Which algorithm computes a convolution: the cheapest by a cost in cycles, whose constants were measured.

pixels      few input channels (a picture): windows over channels that lie side by side
depthwise   one input channel for each output
winograd    3 x 3 and 5 x 5, stride 1: fewer products, for transforms and larger weights
strassen    1 x 1, many channels: seven half products for eight
direct      everything else
"""

from dataclasses import dataclass, replace
from math import inf

from protonet.engine.machine import REGISTERS, W, fmas, l2
from protonet.kernels.conv_blocked import AHEAD, rests
from protonet.kernels.simd import BY_LANE, FUSED
from protonet.kernels.winograd_forms import FORMS, planes

FMAS = fmas()  # vectors a cycle
LOADS = 2 * W if BY_LANE else 3 if REGISTERS == 32 else 2  # broadcasts a cycle; whole vectors: 2
LATENCY = 4  # cycles of an FMA: fewer sums than FMAS * LATENCY wait for each other
TILE = 10  # cycles to begin and end a tile, and one for each sum
SPARE = 8  # where an FMA takes a whole cycle, that goes on beside the next tile's: 4 cycles, and sums * sums / SPARE
NEAR, FAR = 10, 6.5  # bytes a cycle from L3, and from DRAM (30 and 19 GB/s at 2.9 GHz)
LARGE = 32 << 20  # bytes of weights from which on a net lives in DRAM
HINDRANCE = 0.2
CHANNEL, AGAIN = 0.35, 0.05  # cycles besides, of a channel and of each vector of its weights
INWARD, OUTWARD = (
    7.5,
    7.5,
)  # cycles to transform an input (of n x n), an output on its way (of n x m), a vector of channels
WORSE = 1.1  # what forms of eight points must win: they are four times less exact
BROAD = (14, 2), (14, 1), (10, 2), (8, 2), (7, 2), (16, 1)  # tiles for 32 registers: pixels x vectors of channels
SLOW = (7, 1), (8, 1), (10, 1), (14, 1), (16, 1), (7, 2), (14, 2), (7, 3)  # where an FMA takes a cycle
NEON = (8, 2), (6, 3), (7, 2), (14, 1)  # for as many, of which inputs take one a pixel
NARROW = (6, 2), (4, 3), (5, 2), (4, 2)  # for 16
FEW = (4, 2), (3, 2), (8, 1)  # for 16, of which products take some on their way to the sums
TILES = NEON if BY_LANE else NARROW if FUSED else FEW
if REGISTERS == 32 and not BY_LANE:
    TILES = BROAD if FMAS > 1 else SLOW
PAIRS = tuple(tile for tile in TILES if tile[1] <= 2)  # what Winograd's kernels have
if TILES == SLOW:
    PAIRS = (7, 1), (16, 1), (7, 2), (14, 2)
SMALL: tuple[tuple[int, int], ...] = ((3, 3), (2, 5), (1, 8)) if FUSED else ((2, 3), (1, 6))  # for few pixels
if REGISTERS == 32:
    SMALL = ((4, 5), (3, 6), (2, 8), (1, 8)) if BY_LANE else ((5, 4), (4, 6), (3, 6), (2, 8), (1, 8))
L1, CLOSE = 16 << 10, 24  # bytes of a tile's weights that stay there; bytes a cycle that others come from L2 at
FEW_CHANNELS, FEW_GROUPS = 4, 8
MANY_CHANNELS = inf if W == 16 and FMAS == 2 else 128  # AVX-512 at full rate halves the time of products, not of passes
SPREAD, GATHER = (13, 9) if W == 16 else (8, 6)  # cycles a pixel of a half, and vector of channels
STEPS, GAIN = 2000, 1.02  # cycles to begin and end each of its nine steps; what its larger weights must win
RUNS = {n: cost for n, cost in ((16, 1.0), (8, 1.03), (4, 1.08)) if n < W} | {W: 1.0}  # time of a channel in runs of n
STREAM = RUNS | {2: 1.05, 1: 1.2}  # where memory is the limit
LATE = 1.25
ROWS = 64  # tiles up to which Winograd's weights are read once for all of them
ENOUGH = 16  # tasks, where work can be cut into that many
UNEVEN = 1.05  # times half of the work, for one of two threads


@dataclass(frozen=True)
class Problem:
    """One convolution: images, groups, channels in and out of a group, the map that comes out, the window."""

    N: int
    G: int
    C: int
    K: int
    rows: int
    columns: int
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    lanes: int = W  # channels in a run: one walks the inputs of a pixel in runs
    joined: bool = False  # a pixel looks at the one in its place, so rows may follow one another, in and out
    rate: float = NEAR  # bytes a cycle that weights come at

    @property
    def blocks(self):
        return -(-self.C // W)

    @property
    def vectors(self):
        return -(-self.K // W)

    @property
    def inputs(self):
        """Channels in, filled up to whole runs."""
        return -(-self.C // self.lanes) * self.lanes

    @property
    def taps(self):
        return self.kernel[0] * self.kernel[1]

    @property
    def lines(self) -> tuple[int, int]:
        """(how many, how long): what tiles run along."""
        return (self.N, self.rows * self.columns) if self.joined else (self.N * self.rows, self.columns)


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


def tile_cost(channels, pixels, vectors):
    """Cycles of one tile over so many input channels."""
    close = vectors * 4 * W / CLOSE if channels * vectors * 4 * W > L1 else 0
    step, sums = max(pixels * vectors / FMAS, pixels / LOADS + vectors / 2, close, LATENCY), pixels * vectors
    if FMAS == 1:
        return channels * step + LATENCY + sums**2 / SPARE
    return channels * (step + CHANNEL + AGAIN * vectors) + TILE + sums


def products(channels, count, length, out, tile, half=False):
    """Cycles for `count` lines of `length` places, to `out` vectors of channels; half: the last is half a one."""
    pixels, vectors = tile
    wide, rest = divmod(out, vectors)
    cost, last = wide * tile_cost(channels, pixels, vectors), vectors
    for width in rests(vectors):
        some, rest = divmod(rest, width)
        cost += some * tile_cost(channels, pixels, width)
        last = width if some else last
    if half:
        cost += tile_cost(channels, pixels, last - 0.5) - tile_cost(channels, pixels, last)
    return count * -(-length // pixels) * cost


def halved(channels):
    """Whether the last vector of outputs does as half a one: where it has so few, and halves take half the time."""
    return FMAS == 1 and W == 16 and 0 < channels % W <= W // 2


def rate(weights):
    """Bytes a cycle at which the weights of a net of so many bytes come: from L2, L3 or DRAM."""
    return 2 * NEAR if weights < l2() else NEAR if weights < LARGE else FAR


def bounded(cycles, size, rate, times=1):
    """Cycles of work that goes on while `size` bytes of weights come in, so many times; they hinder each other."""
    transfer = size / rate * (times if size > l2() // 2 else 1)
    return max(cycles, transfer) + HINDRANCE * min(cycles, transfer)


def runs(channels, costs=RUNS):
    """How many channels a run has: whole vectors, or less where that leaves out filling."""
    return min(costs, key=lambda n: -(-channels // n) * n * costs[n])


def direct(p, tiles=TILES + SMALL):
    channels = p.inputs * p.taps
    weights = 4 * p.G * channels * p.vectors * W
    count, length = p.lines
    done = {tile: products(channels, count, length, p.vectors, tile, halved(p.K)) for tile in tiles}
    costs = {tile: bounded(p.G * cycles, weights, p.rate) for tile, cycles in done.items()}
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


def across(columns, options):
    """The number of pixels a tile that wastes least of a row; the largest of those."""
    return min(options, key=lambda n: (-(-columns // n) * n, -n))


def chunk(tiles, parts, size, weights):
    """How many tiles a task does: their inputs, `size` bytes each, stay in L2, and there are enough tasks.

    All weights are read for each chunk of tiles: where they come from afar, that is seldom.  But two threads are to do
    alike: 14 tiles as 7 + 7, not 10 + 4 (3 % of MobileNet v2's time); 7 tiles for 8 parts as 7, not 3 + 3 + 1.
    """
    room, tiles = l2() // 4 if weights <= l2() // 2 else l2() * 3 // 4, max(1, tiles)
    most = max(1, min(tiles, room // size))
    least = max(1, min(most, tiles * parts // ENOUGH if parts < ENOUGH else most))
    first = -(-tiles // -(-tiles // least))
    sizes = first, *range(first - 1, (first - 1) // 2, -1), *range(first + 1, most + 1)
    return next((n for n in sizes if lost(n, tiles, parts) <= UNEVEN), first)


def lost(chunk, tiles, parts):
    """How much longer than half of the whole work the half of the tasks takes, if each does so many tiles."""
    tasks = parts * -(-tiles // chunk)
    return -(-tasks // 2) * chunk * 2 / (tiles * parts)


def vectors_at_once(out):
    """For one place (a batch of one): about four vectors of outputs a tile, so that few are left over.

    Four sums are enough not to wait for each other where weights come from memory, and its prefetchers follow four
    streams better than eight (Zen 4: 31 GB/s, not 26).
    """
    return min((4, 3, 5), key=lambda v: out % v)
