"""The executor's native half: threads walk one table together, taking tasks as they come.

A step is over when all its tasks are done, not when all threads have met: a thread that wakes late, or
loses its core, holds up only what it has taken itself.  Who takes what changes no result: tasks are fixed by
the shapes.  A team is int64 words, each group on a cache line of its own:

    0 inside (+ CLOSED)   8 table, first, last, threads, usleep   then for each row: done, taken from each share
"""

from protonet.kernels.jit import inline
from protonet.kernels.atomic import add, call, load, pause, store, word

ROW, RECORD = 32 * 8, 3 * 8  # bytes
CLOSED, SPIN, STAY, LINE = 1 << 40, 2000, 2000, 64
JOB, COUNTERS = LINE, 2 * LINE


@inline
def run(table, first, last):
    """Steps first to last on the calling thread."""
    for i in range(first, last):
        row = table + i * ROW
        call(word(row), row + RECORD, 0, word(row + 8))


@inline
def open_(team, first, last):
    """Let the others in.  The steps' counters start at nothing done."""
    store(team + JOB + 8, first)
    store(team + JOB + 16, last)
    lines = word(team + JOB + 24) + 1
    for i in range(first * lines, last * lines):
        store(team + COUNTERS + i * LINE, 0)
    add(team, -CLOSED)


@inline
def lead(team):
    """Work until all is done, then wait until nobody is inside any more."""
    walk(team, 0)
    add(team, CLOSED)
    wait(team, team, CLOSED)


@inline
def follow(team, me):
    """Work, if there is still anything going on; then stay a moment, for a next run may come at once."""
    turns = 0
    while turns < STAY:
        if load(team) < CLOSED:
            if add(team, 1) < CLOSED:
                walk(team, me)
                turns = 0
            add(team, -1)
        pause()
        turns += 1


@inline
def walk(team, me):
    table, i, last, threads = word(team + JOB), load(team + JOB + 8), load(team + JOB + 16), word(team + JOB + 24)
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
                    call(word(row), row + RECORD, begin, end)
                else:
                    run(table, i, i + span)
                mine += end - begin
                begin = start + add(done + (whose + 1) * LINE, bite)
        if mine > 0:
            add(done, mine)
        wait(team, done, tasks)
        i += max(span, 1)


@inline
def wait(team, address, value):
    turns = 0
    while load(address) != value:
        pause()
        turns += 1
        if turns > SPIN:
            call(word(team + JOB + 32), 20, 0, 0)  # usleep: yielding does not give the core away
