"""script/bench: measure `dnc` against its yardsticks, in one run on one machine."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from script.benchmarks.figures import FIGURES, Figure, Yardstick, prepared
from script.benchmarks.page import refresh
from script.benchmarks.process import Failed, Usage
from script.benchmarks.profiling import profiles
from script.benchmarks.table import Row, growth, table
from script.benchmarks.workload import MOST, Form

SIZES = (10_000, 100_000, 1_000_000)
_MOST_ROWS = 300_000  # of a workbook
_SINGLE_MOST = 100_000  # one by one, a list of more is no list that people keep
PAGE = Path("docs/explain/performance.md")


def main() -> None:
    """Measure what the options ask for."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"  # where all that is measured listens
    asked = _options()
    if asked.profile:
        told = profiles(max(asked.sizes), asked.only)
        print(told)
        if asked.update:
            refresh(PAGE, "profile", told)
        return
    rows: list[Row] = []
    failed = None
    try:
        for name, count, form in _wanted(asked):
            with prepared(name, count, form) as figure:
                rows += _measured(figure, asked.rounds, asked.patience)
    except Failed as error:  # what was measured until then is told
        failed = f"script/bench: {error}"
    told = table(rows) + (f"\n\n{more}" if (more := growth(rows)) else "")
    print(told)
    if failed:
        sys.exit(failed)
    if asked.update:
        refresh(PAGE, "bench", told)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="how many numbers: 10000,100000,1000000")
    parser.add_argument(
        "--only", action="append", choices=FIGURES, help="this figure; may stand several times"
    )
    parser.add_argument("--form", choices=[f.name.lower() for f in Form], help="this form of the lists")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many")
    parser.add_argument(
        "--patience", type=float, default=60, help="seconds after which a program is not run again"
    )
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    parser.add_argument("--update", action="store_true", help=f"write the result into {PAGE}")
    asked = parser.parse_args()
    asked.only = asked.only or list(FIGURES)
    return asked


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(sorted(int(size) for size in text.replace("_", "").split(",")))
    if not all(0 < size <= MOST for size in sizes):
        raise argparse.ArgumentTypeError(f"1 to {MOST}")
    return sizes


def _wanted(asked: argparse.Namespace) -> Iterator[tuple[str, int, Form]]:
    for name in asked.only:
        if name == "version":
            yield name, 1, Form.PHONES
            continue
        for form in [Form[asked.form.upper()]] if asked.form else list(Form):
            for size in asked.sizes:
                if _is_figure(name, size, form):
                    yield name, size * form.files, form


def _is_figure(name: str, size: int, form: Form) -> bool:
    """Tell what is worth its time: how a list is written makes no difference once it is read."""
    if form.is_table or name == "import":
        return name == "import" and form.is_table and size <= (_MOST_ROWS if form is Form.XLSX else size)
    if form is Form.SEVERAL:
        return name == "validate" and size == _SINGLE_MOST
    return form is Form.PHONES or (name in {"validate", "plan"} and size <= _SINGLE_MOST)


def _measured(figure: Figure, rounds: int, patience: float) -> list[Row]:
    """Run `dnc` and its yardsticks in turn, so that a busy machine is as unfair to one as to the other."""
    ours: Usage | None = None
    theirs: dict[str, Usage] = {}
    for _ in range(rounds):
        ours = _again(ours, figure.start, patience)
        for yardstick in figure.yardsticks:
            theirs[yardstick.name] = _again(theirs.get(yardstick.name), yardstick.start, patience)
        print(f"{figure.name} {figure.count:,} {figure.form}: {ours.seconds:.2f} s", file=sys.stderr)
    if ours is None:
        raise Failed("nothing was run: --rounds is 1 or more")
    return [_row(figure, ours, yardstick, theirs[yardstick.name]) for yardstick in figure.yardsticks]


def _again(best: Usage | None, start, patience: float) -> Usage:
    if best is None:
        return start()
    return best if best.seconds * best.rounds > patience else best.best(start())


def _row(figure: Figure, ours: Usage, yardstick: Yardstick, theirs: Usage) -> Row:
    return Row(figure.name, figure.count, figure.form, ours, yardstick.name, theirs, yardstick.limit)


if __name__ == "__main__":
    main()
