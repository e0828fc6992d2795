"""The figures: what is run, against which yardsticks, and what design and issue ask of it."""

import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from script.benchmarks import cxone
from script.benchmarks.process import Failed, Usage, run
from script.benchmarks.workload import (
    Form,
    Workload,
    environment,
    make,
    number,
    write_calling_list,
    write_table,
)

SCHEMA = Path("schema/dnc-list.schema.json").absolute()
DISTANCE = 0.020  # seconds to the server of `apply`
_CHUNK = 500
_SMALL = 100_000  # what is slower than this is measured up to here only
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """What must be reached: seconds and megabytes of `dnc`, and its share of the yardstick's time."""

    seconds: float = math.inf
    megabytes: float = math.inf
    ratio: float = math.inf

    def __str__(self) -> str:
        said = [
            text
            for value, text in (
                (self.seconds, f"{self.seconds:g} s"),
                (self.megabytes, f"{self.megabytes:g} MB"),
                (self.ratio, f"{self.ratio:g}x"),
            )
            if value < math.inf
        ]
        return ", ".join(said) or "-"


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Another program that does the same work."""

    name: str
    start: Callable[[], Usage]
    limit: Limit = field(default_factory=Limit)


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that `dnc` does with so many numbers in a form, ready to be run again and again."""

    name: str
    count: int
    form: Form
    start: Callable[[], Usage]
    yardsticks: tuple[Yardstick, ...]


Making = Callable[[Workload, Path, ExitStack], Figure]


@contextmanager
def prepared(name: str, count: int, form: Form) -> Iterator[Figure]:
    """Set a figure up, in a folder that is gone afterwards."""
    with TemporaryDirectory(prefix="dnc-bench-") as folder, ExitStack() as stack:
        yield FIGURES[name](make(Path(folder) / "clone", count, form), Path(folder), stack)


def _version(work: Workload, _: Path, __: ExitStack) -> Figure:
    bare = Yardstick("python -c pass", lambda: _other(work.folder, "-c", "pass"), Limit(seconds=0.15))
    return Figure("version", work.count, work.form, lambda: _dnc(work, "", "--version"), (bare,))


def _validate(work: Workload, _: Path, __: ExitStack) -> Figure:
    def bare(program: str) -> Callable[[], Usage]:
        return lambda: _program(work.folder, program, str(work.list_file), str(SCHEMA))

    limits = {(Form.PHONES, _MILLION): Limit(2.2, 300), (Form.SINGLE, _SMALL): Limit(5, 250)}
    if work.form is Form.SEVERAL:
        alone = Yardstick(
            "the same on one processor", lambda: _program(work.folder, "alone", "dnc", "validate")
        )
        return Figure("validate", work.count, work.form, lambda: _dnc(work, "", "validate"), (alone,))
    limit = limits.get((work.form, work.count), Limit())
    yardsticks = [Yardstick("PyYAML + jsonschema", bare("judge"), limit)]
    if work.count <= _SMALL:
        yardsticks += [
            Yardstick("the same + DeepDiff", bare("naive")),
            Yardstick("check-jsonschema", lambda: _check_jsonschema(work)),
        ]
    return Figure("validate", work.count, work.form, lambda: _dnc(work, "", "validate"), tuple(yardsticks))


def _plan(work: Workload, folder: Path, stack: ExitStack) -> Figure:
    state = folder / "cxone.sqlite"
    cxone.fill(state, work.count)
    url = stack.enter_context(cxone.serving(state))
    _dnc(work, url, "apply", "--yes")  # in sync: it only writes the report that says what is held
    limit = Limit(megabytes=400, ratio=1.8) if work.count == _MILLION else Limit()
    bare = Yardstick("bare requests", lambda: _program(folder, "read", url, str(work.count)), limit)
    return Figure("plan", work.count, work.form, lambda: _dnc(work, url, "plan"), (bare,))


def _apply(work: Workload, folder: Path, _: ExitStack) -> Figure:
    def ours() -> Usage:
        work.forget_reports()
        with _empty(folder) as url:
            usage = _dnc(work, url, "apply", "--yes")
            if (found := cxone.written(url)) != (least := math.ceil(work.count / _CHUNK)):
                raise Failed(f"{work.count} creates took {found} writes instead of {least}")
        return usage

    def bare() -> Usage:
        with _empty(folder) as url:
            return _program(folder, "post", url, str(work.count))

    limit = Limit(megabytes=500, ratio=0.75) if work.count == _MILLION else Limit()
    one_by_one = Yardstick("sequential bulk posts", bare, limit)
    return Figure("apply", work.count, work.form, ours, (one_by_one,))


def _import(work: Workload, folder: Path, _: ExitStack) -> Figure:
    table = folder / f"table.{work.form.lower()}"
    write_table(table, work.count)

    def ours() -> Usage:
        work.forget_files()
        options = ("--list", "imported", "--new-list", "--reason", "COMPANY_POLICY", "--policy", "NEVER")
        return _dnc(work, "", "import", str(table), *options)

    bare = Yardstick("bare reader", lambda: _program(folder, "table", str(table), str(work.count)))
    return Figure("import", work.count, work.form, ours, (bare,))


def _scrub(work: Workload, folder: Path, _: ExitStack) -> Figure:
    leads, listed = folder / "leads.csv", folder / "listed.txt"
    planted = write_calling_list(leads, work.count)
    listed.write_text("".join(f"{number(n)}\n" for n in range(work.count)))

    def ours() -> Usage:
        usage = _dnc(work, "", "scrub", str(leads), "--record-only")
        rows = json.loads((folder / "leads.certificate.json").read_text())["rows"]
        if rows != {"read": work.count, "clean": work.count - planted, "blocked": planted, "unreadable": 0}:
            raise Failed(f"of {work.count:,} rows, {planted:,} of them listed, it said {rows}")
        return usage

    def bare() -> Usage:
        outputs = (str(folder / "bare.clean.csv"), str(folder / "bare.blocked.csv"))
        return _program(folder, "scrub", str(listed), str(leads), *outputs)

    limit = Limit(megabytes=450, ratio=2) if work.count == _MILLION else Limit()
    return Figure("scrub", work.count, work.form, ours, (Yardstick("csv and a set", bare, limit),))


FIGURES: dict[str, Making] = {
    "version": _version,
    "validate": _validate,
    "plan": _plan,
    "apply": _apply,
    "import": _import,
    "scrub": _scrub,
}


@contextmanager
def _empty(folder: Path) -> Iterator[str]:
    """Serve a new, empty CXone, some way off."""
    with (
        TemporaryDirectory(dir=folder) as place,
        cxone.serving(Path(place) / "cxone.sqlite", distance=DISTANCE) as url,
    ):
        yield url


def _dnc(work: Workload, url: str, *arguments: str) -> Usage:
    return run(["dnc", *arguments], work.folder, environment(url))


def _other(folder: Path, *arguments: str) -> Usage:
    return run([sys.executable, *arguments], folder, environment())


def _program(folder: Path, *arguments: str) -> Usage:
    root = str(Path.cwd())
    command = [sys.executable, "-m", "script.benchmarks.yardsticks", *arguments]
    return run(command, folder, environment() | {"PYTHONPATH": root})


def _check_jsonschema(work: Workload) -> Usage:
    command = ["check-jsonschema", "--schemafile", str(SCHEMA), str(work.list_file)]
    return run(command, work.folder, environment())
