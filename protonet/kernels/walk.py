"""The executor's native half: threads walk one table together, taking tasks as they come.

A step is over when all its tasks are done, not when all threads have met: a thread that wakes late, or
loses its core, holds up only what it has taken itself.  Who takes what changes no result: tasks are fixed by
the shapes.  A team is int64 words, each group on cache lines of its own:

    0 inside (+ CLOSED)   8 the job (order below)   24 for each row: done, taken from each share

A row is (kernel, tasks, span, record).  Rows of a span are small: one thread runs all that are left of it.
"""

from protonet.kernels.atomic import add, call, load, pause, put, word, work
from protonet.kernels.jit import inline, native

ROW, LINE = 4 * 8, 64  # bytes
CLOSED, JOB, COUNTERS = 1 << 40, LINE, 3 * LINE
WORDS = "table first last threads sleep nap spin stay stamps clock id memory private".split()
TABLE, FIRST, LAST, THREADS, SLEEP, NAP, SPIN, STAY, STAMPS, CLOCK, ID, MEMORY, PRIVATE = (
    JOB + 8 * i for i in range(13)
)


@native
def run(table, first, last, memory):
    """Steps first to last on the calling thread, whose private memory is this."""
    for i in range(first, last):
        row = table + i * ROW
        work(word(row), word(row + 24), 0, word(row + 8), memory)


@native
def lead(team, first, last):
    """Let the others in, work until all is done, then wait until nobody is inside any more.

    In one call, for an interrupt between two would leave the others inside.
    """
    begin(team, first, last)
    walk(team, 0)
    add(team, CLOSED)
    wait(team, team, CLOSED)


@inline
def begin(team, first, last):
    """Let the others in.  The steps' counters start at nothing done."""
    put(team + FIRST, first)
    put(team + LAST, last)
    size = (word(team + THREADS) + 1) * LINE
    i = first
    while i < last:
        counters = team + COUNTERS + i * size
        for line in range(word(team + THREADS) + 1):
            put(counters + line * LINE, 0)
        i += max(word(word(team + TABLE) + i * ROW + 16), 1)
    if word(team + STAMPS) != 0:
        stamp(team, first)
    add(team, -CLOSED)


@native
def follow(team, me):
    """Work, if there is still anything going on; then stay a moment, for a next run may come at once."""
    turns = 0
    while turns < word(team + STAY):
        if load(team) < CLOSED:
            if add(team, 1) < CLOSED:
                walk(team, me)
                turns = 0
            add(team, -1)
        pause()
        turns += 1


@native
def alone(team, first, last):
    """As run, with the time of each step."""
    stamp(team, first)
    timed(team, first, last, word(team + MEMORY))


@native
def spin(turns):
    """What one turn of waiting costs is measured with this."""
    for _ in range(turns):
        pause()


@inline
def walk(team, me):
    table, i, last, threads = word(team + TABLE), word(team + FIRST), word(team + LAST), word(team + THREADS)
    stamps, memory = word(team + STAMPS), word(team + MEMORY) + me * word(team + PRIVATE)
    while i < last:
        row, done = table + i * ROW, team + COUNTERS + i * (threads + 1) * LINE
        span = min(word(row + 16), last - i)
        tasks = word(row + 8) if span == 0 else 1
        mine = 0
        for turn in range(threads):  # my own share first, so that data stay in my cache; then what others left
            whose = (me + turn) % threads
            start, stop = whose * tasks // threads, (whose + 1) * tasks // threads
            bite = (stop - start + 3) // 4
            begin = start + add(done + (whose + 1) * LINE, bite)
            while begin < stop:
                end = min(begin + bite, stop)
                if span == 0:
                    work(word(row), word(row + 24), begin, end, memory)
                elif stamps != 0:
                    timed(team, i, i + span, memory)
                else:
                    run(table, i, i + span, memory)
                mine += end - begin
                begin = start + add(done + (whose + 1) * LINE, bite)
        if mine > 0:
            add(done, mine)
        wait(team, done, tasks)
        if me == 0 and stamps != 0 and span == 0:
            stamp(team, i + 1)
        i += max(span, 1)


@inline
def wait(team, address, value):
    turns = 0
    while load(address) != value:
        pause()
        turns += 1
        if turns > word(team + SPIN):
            call(word(team + SLEEP), word(team + NAP), 0, 0)  # yielding does not give the core away


@inline
def timed(team, first, last, memory):
    for i in range(first, last):
        run(word(team + TABLE), i, i + 1, memory)
        stamp(team, i + 1)


@inline
def stamp(team, i):
    """The time when step i begins, and the one before it ends: two words, as the system's clock writes them."""
    at, which = word(team + STAMPS) + 16 * i, word(team + ID)
    if which < 0:  # Windows' clock takes nothing else
        call(word(team + CLOCK), at, 0, 0)
    else:
        call(word(team + CLOCK), which, at, 0)
