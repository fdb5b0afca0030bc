"""How a convolution is cut into tiles, and tiles into tasks: whose sums stay in registers, what they cost in cycles.

Constants were measured.  A tile's sums are activated and stored all at once, and its lines come from L3: where an FMA
of a whole vector takes a cycle (AVX-512 at half rate), few sums cost least, for they are enough to keep it busy and the
next tile hides their end; elsewhere many, for fewer than FMAS * LATENCY wait for each other.
"""

from dataclasses import dataclass

from protonet.engine.machine import REGISTERS, W, fmas, l2
from protonet.kernels.conv_blocked import rests
from protonet.kernels.simd import BY_LANE, FUSED

FMAS = fmas()  # vectors a cycle
LOADS = 2 * W if BY_LANE else 3 if REGISTERS == 32 else 2  # broadcasts a cycle; whole vectors: 2
LATENCY = 4  # cycles of an FMA
TILE = 10  # cycles to begin and end a tile, and one for each sum
SPARE = 8  # where an FMA takes a cycle, instead: LATENCY, and sums * sums / SPARE
CHANNEL, AGAIN = 0.35, 0.05  # cycles besides, of a channel and of each vector of its weights
BROAD = (14, 2), (14, 1), (10, 2), (8, 2), (7, 2), (16, 1)  # tiles for 32 registers: pixels x vectors of channels
SLOW = (7, 1), (8, 1), (10, 1), (14, 1), (16, 1), (7, 2), (14, 2), (7, 3)  # where an FMA takes a cycle
NEON = (8, 2), (6, 3), (7, 2), (14, 1)  # for as many, of which inputs take one a pixel
NARROW = (6, 2), (4, 3), (5, 2), (4, 2)  # for 16
FEW = (4, 2), (3, 2), (8, 1)  # for 16, of which products take some on their way to the sums
TILES: tuple[tuple[int, int], ...] = NEON if BY_LANE else NARROW if FUSED else FEW
if REGISTERS == 32 and not BY_LANE:
    TILES = BROAD if FMAS > 1 else SLOW
SMALL: tuple[tuple[int, int], ...] = ((3, 3), (2, 5), (1, 8)) if FUSED else ((2, 3), (1, 6))  # for few pixels
if REGISTERS == 32:
    SMALL = ((4, 5), (3, 6), (2, 8), (1, 8)) if BY_LANE else ((5, 4), (4, 6), (3, 6), (2, 8), (1, 8))
L1, CLOSE = 16 << 10, 24  # bytes of a tile's weights that stay there; bytes a cycle that others come from L2 at
NEAR = 10  # bytes a cycle from L3 (30 GB/s at 2.9 GHz)
RUNS = {n: cost for n, cost in ((16, 1.0), (8, 1.03), (4, 1.08)) if n < W} | {W: 1.0}  # time of a channel in runs of n
STREAM = RUNS | {2: 1.05, 1: 1.2}  # where memory is the limit
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
    def weights(self):
        """Bytes of the packed weights."""
        return 4 * self.G * self.inputs * self.taps * self.vectors * W

    @property
    def lines(self) -> tuple[int, int]:
        """(how many, how long): what tiles run along."""
        return (self.N, self.rows * self.columns) if self.joined else (self.N * self.rows, self.columns)


def runs(channels, costs=RUNS):
    """How many channels a run has: whole vectors, or less where that leaves out filling."""
    return min(costs, key=lambda n: -(-channels // n) * n * costs[n])


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


@dataclass(frozen=True)
class Tiling:
    """lines: of an image, and how long; parts: of the channels, for each chunk of tiles a task."""

    pixels: int
    vectors: int
    lines: tuple[int, int]
    parts: int
    chunk: int
    chunks: int

    @property
    def tasks(self):
        return self.parts * self.chunks


def tiled(p, tile, size):
    """How a convolution is done in such tiles.  size: bytes of a pixel's inputs that no other pixel has."""
    pixels, vectors = tile
    many, columns = p.lines
    lines = (1 if p.joined else p.rows), columns
    count, parts = many * -(-columns // pixels), p.G * -(-p.vectors // vectors)
    each = chunk(count, parts, pixels * size, p.weights)
    return Tiling(pixels, vectors, lines, parts, each, -(-count // each))


def across(columns, options):
    """The number of pixels a tile that wastes least of a row; the largest of those, or where few sums do, the least."""
    return min(options, key=lambda n: (-(-columns // n) * n, n if FMAS == 1 else -n))


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
