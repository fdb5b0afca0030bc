"""Which algorithm computes a convolution: the cheapest by a cost in cycles, whose constants were measured.

pixels      few input channels (a picture): windows over channels that lie side by side
depthwise   one input channel for each output
winograd    3 x 3, stride 1: a quarter (m = 4) or 4/9 (m = 2) of the products, for transforms and larger weights
direct      everything else
"""

from dataclasses import dataclass
from math import inf

from protonet.engine.machine import REGISTERS, W, l2

FMAS = 2  # vectors a cycle
LOADS = 2  # likewise
LATENCY = 4  # cycles of an FMA: fewer sums than FMAS * LATENCY wait for each other
TILE = 10  # cycles to begin and end a tile, and one for each sum
FAR = 10  # bytes a cycle from beyond L2 (30 GB/s at 2.9 GHz)
HIDDEN = 0.4  # the share of that time which prefetching does not hide
INWARD, OUTWARD = {2: 80, 4: 200}, {2: 60, 4: 150}  # cycles a tile and vector of channels
BROAD = (14, 2), (14, 1), (10, 2), (8, 2), (7, 2), (16, 1)  # tiles for 32 registers: pixels x vectors of channels
NARROW = (6, 2), (5, 2), (4, 2), (12, 1)  # for 16
TILES = BROAD if REGISTERS == 32 else NARROW
FEW_CHANNELS = 4
ROWS = 64  # tiles up to which Winograd's weights are read once for all of them
ENOUGH = 16  # tasks, where work can be cut into that many


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
    joined: bool = False  # rows follow one another in memory, in and out

    @property
    def blocks(self):
        return -(-self.C // W)

    @property
    def vectors(self):
        return -(-self.K // W)

    @property
    def taps(self):
        return self.kernel[0] * self.kernel[1]

    @property
    def lines(self) -> tuple[int, int]:
        """(how many, how long): what tiles run along."""
        return (self.N, self.rows * self.columns) if self.joined else (self.N * self.rows, self.columns)


@dataclass(frozen=True)
class Choice:
    """An algorithm, its tile (pixels, vectors), cost in cycles; for Winograd m, and tiles a block (0: all at once)."""

    name: str
    tile: tuple[int, int] = (0, 0)
    cost: float = 0.0
    m: int = 0
    block: int = 0


def choose(p: Problem, exact=False) -> Choice:
    """Winograd only where a window of 3 x 3 fits and nobody asked for `exact`."""
    options = [direct(p)]
    plain = p.kernel == (3, 3) and p.stride == (1, 1) and p.dilation == (1, 1) and p.G == 1
    if plain and not exact and p.C >= W:
        options += [winograd(p, m) for m in (2, 4)]
    return min(options, key=lambda choice: choice.cost)


def tile_cost(channels, pixels, vectors):
    """Cycles of one tile over so many input channels."""
    step = max(pixels * vectors / FMAS, (pixels + vectors) / LOADS, LATENCY)
    return channels * step + TILE + pixels * vectors


def products(channels, count, length, out, tile):
    """Cycles for `count` lines of `length` places, to `out` vectors of channels."""
    pixels, vectors = tile
    wide, rest = divmod(out, vectors)
    tiles = count * -(-length // pixels)
    return tiles * (wide * tile_cost(channels, pixels, vectors) + rest * tile_cost(channels, pixels, 1))


def far(size):
    """Cycles lost to weights that do not stay in L2."""
    return HIDDEN * max(0, size - l2() // 2) / FAR


def direct(p, lanes=W, tiles=TILES):
    channels = lanes * p.taps * (p.blocks if lanes == W else 1)
    memory = far(4 * p.G * channels * p.vectors * W)
    count, length = p.lines
    costs = {tile: p.G * products(channels, count, length, p.vectors, tile) + memory for tile in tiles}
    best = min(costs, key=lambda tile: costs[tile])
    return Choice("direct", best, costs[best])


def winograd(p, m):
    count, planes = p.N * -(-p.rows // m) * -(-p.columns // m), (m + 2) ** 2
    weights = 4 * planes * p.blocks * W * p.vectors * W
    best = Choice("winograd", TILES[0], inf, m)
    for tile in TILES:
        block = 0 if count <= ROWS else block_of(planes * p.blocks * W * 4, weights, tile[0])
        times = -(-count // block) if block else 1
        cost = planes * products(p.blocks * W, times, block or count, p.vectors, tile) + times * far(weights)
        cost += count * (p.blocks * INWARD[m] + p.vectors * OUTWARD[m])
        if cost < best.cost:
            best = Choice("winograd", tile, cost, m, block)
    return best


def block_of(size, weights, tiles):
    """How many tiles of `size` bytes go through all stages together: few while the weights stay in L2 beside them, else
    as many as fit, so that the weights are read less often.
    """
    wanted = 14 if weights <= l2() // 2 else l2() // 2 // size
    return max(1, wanted // tiles) * tiles


def across(columns, options):
    """The number of pixels a tile that wastes least of a row; the largest of those."""
    return min(options, key=lambda n: (-(-columns // n) * n, -n))


def chunk(tiles, parts, size):
    """How many tiles a task does: their inputs, `size` bytes each, stay in L2, and there are enough tasks."""
    most = max(1, min(tiles, l2() // 4 // size))
    return max(1, min(most, tiles * parts // ENOUGH if parts < ENOUGH else most))


def vectors_at_once(out):
    """For one place (a batch of one): 4 to 8 vectors of outputs a tile, so that few are left over."""
    return min((8, 7, 6, 5, 4), key=lambda v: (out % v, -v))
