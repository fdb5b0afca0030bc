"""Progress bars: on a terminal only, on stderr, with log lines above them.  And where tables are printed."""

import sys
from contextlib import contextmanager


def on_terminal():
    return sys.stderr.isatty()


def console():
    """Where tables go: stdout, and where that is no terminal, wide enough for names to stay whole."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=200)


def bar(*extra):
    """A rich progress bar with these extra columns."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *extra,
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)


@contextmanager
def training(solver):
    """A bar that follows a solver: iteration, loss, rate of work."""
    if not on_terminal():
        yield
        return
    from rich.progress import TextColumn

    with bar(TextColumn("loss {task.fields[loss]}"), TextColumn("{task.fields[speed]} iter/s")) as progress:
        task = progress.add_task(
            f"training {solver.net.name or 'net'}", total=solver.param.max_iter, loss="-", speed="-"
        )

        def follow(solver, loss):
            speed = progress.tasks[task].speed
            progress.update(task, completed=solver.iter, loss=f"{loss:.4g}", speed=f"{speed:.0f}" if speed else "-")

        solver.after_step.append(follow)
        try:
            yield
        finally:
            solver.after_step.remove(follow)


@contextmanager
def counting(what, total):
    """Yields a function to call with the number done so far, and if it was not known before, of how many."""
    if not on_terminal():
        yield lambda done, of=None: None
        return
    with bar() as progress:
        task = progress.add_task(what, total=total)
        yield lambda done, of=total: progress.update(task, completed=done, total=of)
