"""Progress on stderr: a bar on a terminal, plain lines in a pipeline."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.cli.terminal import colourful

_LINES = 10


@contextmanager
def counting(total: int) -> Iterator[Callable[[int], None]]:
    """Give a function that is told of numbers as they are done."""
    if not total:
        yield lambda _: None
    elif sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415  (only where there is a terminal)
        from rich.progress import Progress  # noqa: PLC0415

        with Progress(console=Console(file=colourful())) as bar:
            task = bar.add_task("applying", total=total)
            yield lambda done: bar.advance(task, done)
    else:
        yield _lines(total)


def _lines(total: int) -> Callable[[int], None]:
    done = 0
    step = max(1, total // _LINES)

    def advance(count: int) -> None:
        nonlocal done
        before, done = done, done + count
        if done // step > before // step or done == total:
            print(f"applied {done:,} of {total:,}", file=sys.stderr)

    return advance
