"""When rules, configuration, the program or the limits in force changed, from report to report. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from reconciler.audit.report import Report, StoredReport
from reconciler.reconcile.period import day_of


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What differs from the report before: rules, configuration, program, limits."""

    day: date
    seq: int
    what: tuple[str, ...]
    revision: str


def rule_changes_in(reports: Iterable[StoredReport]) -> Iterator[RuleChange]:
    """Compare each report with the one before it; of the first there is nothing to say."""
    before: Report | None = None
    for stored in reports:
        report = stored.report
        if report.repeats:  # it repeats the one before
            continue
        if before is not None and (what := tuple(_differing(before, report))):
            yield RuleChange(day_of(stored), report.seq, what, report.revision)
        before = report


def _differing(before: Report, now: Report) -> Iterator[str]:
    yield from (name for name in ("rules", "configuration") if before["hashes"][name] != now["hashes"][name])
    if before["tool_version"] != now["tool_version"]:
        yield f"program {before['tool_version']} to {now['tool_version']}"
