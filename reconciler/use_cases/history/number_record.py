"""What the record says of one number now: reports, the plans beside them, saved reads, unreported runs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from reconciler.audit.report import StoredReport
from reconciler.audit.report_people import AuthorizationRow
from reconciler.core.model.errors import BrokenChain, InvalidInput
from reconciler.core.model.finding import count_text
from reconciler.cxone.saved_read import load, saved_read_file
from reconciler.use_cases.history.report_walk import (
    NumberInReport,
    RunRead,
    parse_number_changes,
    parse_number_in_report,
)
from reconciler.use_cases.history.run_summary import RunSummary
from reconciler.use_cases.reconcile.last_applied import REPORTS_BACK, Past
from reconciler.use_cases.workspace.context import STATE_FOLDER, Today

_REMOVALS_BACK = 1_000  # reports that are walked for the removal of a number that has a release or a term
_MAX_AHEAD = timedelta(minutes=5)  # that two machines' clocks may differ
_MAY_HAVE_HAPPENED = ("applied", "unknown")


@dataclass(frozen=True, slots=True)
class Removal:
    """The last removal of the number from a list, by a run.

    `authorization` is what allowed it; None where the report does not say. `is_certain`: CXone said that it
    removed the number.
    """

    list_id: str
    report: RunSummary
    reason: str
    is_certain: bool
    authorization: AuthorizationRow | None


@dataclass(frozen=True, slots=True)
class NumberRecord:
    """One number in the record.

    `unmanaged`: lists on which it was seen and that no file named for it, each with when it was seen.
    `refused`: lists on which the newest run was to add or strengthen it and did not, with CXone's words.
    `written`: lists to which a run without a report may have added it. `removals` by list. `read` is the
    newest read of all of CXone that a run verified. `doubts` say why the number may be on a list that none
    of these names.
    """

    unmanaged: Mapping[str, datetime] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    removals: Mapping[str, Removal] = field(default_factory=dict)
    read: RunRead | None = None
    doubts: tuple[str, ...] = ()

    @property
    def list_ids(self) -> set[str]:
        """Name every list that any of this is about."""
        return {*self.unmanaged, *self.refused, *self.written, *self.removals}


@dataclass(frozen=True, slots=True)
class RecordQuestion:
    """Which number, when, and how old a read may be that shows that no list has it.

    `may_be_removed`: the files name a release of it, or an entry whose term is over.
    """

    number: str
    now: datetime
    max_age: timedelta
    may_be_removed: bool


def read_number_record(past: Past, question: RecordQuestion, folder: Path) -> NumberRecord:
    """Read the record. `folder` is the project's, where a read may be saved."""
    number = question.number
    if past.newest is None or past.ledger is None or past.has_other_target:
        written, run_doubts = _unreported_facts(past, number)
        return NumberRecord(written=written, doubts=(*_missing_record(past), *run_doubts))
    reports = _NumberReports(past, number)
    unmanaged = dict(reports.unmanaged)
    for list_id, seen_at in _saved_sightings(past, question, folder):
        is_newer = reports.read is None or seen_at > reports.read.at
        if is_newer and (list_id, number) not in past.last_applied:
            unmanaged.setdefault(list_id, seen_at)
    written, run_doubts = _unreported_facts(past, number)
    back = _REMOVALS_BACK if question.may_be_removed else REPORTS_BACK
    removals = {removal.list_id: removal for removal in _last_removals(past, number, back)}
    doubts = (
        *reports.doubts,
        *_age_doubts(reports.read, question),
        *run_doubts,
        *(doubt.fact for doubt in past.ledger.doubts(past.current_files.tenant.name)),
    )
    return NumberRecord(
        unmanaged,
        dict(_refusals(past.newest, number)),
        written,
        removals,
        reports.read,
        tuple(dict.fromkeys(doubts)),
    )


def _missing_record(past: Past) -> Iterator[str]:
    if past.repository is None:
        yield "this is no git repository, so there is no report to go by"
    elif past.ledger is None:
        yield "the audit reports could not be read"
    elif past.has_other_target and past.newest:
        yield f"report {past.newest.report.seq} is of another CXone than dnc.yaml names now"
    else:
        yield f"there is no report yet: no run of {past.current_files.tenant.name} has read CXone"


class _NumberReports:
    """The newest reports, back to the first whose run read all of CXone and verified what it left."""

    def __init__(self, past: Past, number: str) -> None:
        self.unmanaged: dict[str, datetime] = {}
        self.read: RunRead | None = None
        self.doubts: list[str] = []
        self._settled: set[str] = set()  # lists that a newer run removed it from
        count = 0
        for stored_report in islice(past.reports, REPORTS_BACK):
            count += 1
            if stored_report.report.is_repeat:
                continue
            told = self._number_in_report(past, stored_report, number)
            if told is not None and self._add(stored_report, told):
                return
        self.doubts.append(
            f"none of the last {count} reports is of a run that read all of CXone and verified it"
            if count > 1
            else "the run of the only report did not read all of CXone and verify it"
        )

    def _number_in_report(
        self, past: Past, stored_report: StoredReport, number: str
    ) -> NumberInReport | None:
        if past.ledger is None:
            return None
        try:
            return parse_number_in_report(past.ledger, stored_report, number)
        except BrokenChain as error:
            self.doubts.append(error.fact)
            return None

    def _add(self, stored_report: StoredReport, told: NumberInReport) -> bool:
        """Take a report in; tell whether it is the one to end with."""
        if told.read_at is not None:
            for list_id in told.unmanaged - self._settled:
                self.unmanaged.setdefault(list_id, told.read_at)
        self._settled |= {
            change.list_id
            for change in told.changes
            if change.action == "delete" and change.outcome == "applied"
        }
        if told.read_at is None or not told.is_complete or not stored_report.report.is_verified_without_gaps:
            return False
        self.read = RunRead(told.read_at, told.reported)
        self.doubts += unlisted_row_doubts(told.foreign, told.unreadable, f"report {told.reported.seq}")
        return True


def unlisted_row_doubts(foreign: int, unreadable: int, source: str) -> Iterator[str]:
    """Say that a read left rows aside, any of which may be of the number."""
    if foreign:
        rows = count_text(foreign, "row")
        yield f"{source} counted {rows} on lists that no file names, and did not look at their numbers"
    if unreadable:
        yield f"{source} counted {count_text(unreadable, 'row')} whose phone is no E.164 number"


def _age_doubts(read: RunRead | None, question: RecordQuestion) -> Iterator[str]:
    if read is None:
        return
    age, seq = question.now - read.at, read.reported.seq
    if age > question.max_age:
        yield f"the read of report {seq} is {stale_read_text(age, question.max_age)}"
    elif age < -_MAX_AHEAD:
        yield f"report {seq} read CXone in the future, by this machine's clock"


def stale_read_text(age: timedelta, max_age: timedelta) -> str:
    """Say that a read is too old to show that no list has a number."""
    hours, most = (round(duration.total_seconds()) // 3600 for duration in (age, max_age))
    return f"{hours} hours old, and one of more than {most} hours (readings.maxAgeHours) shows no absence"


def _saved_sightings(past: Past, question: RecordQuestion, folder: Path) -> Iterator[tuple[str, datetime]]:
    """Give the lists on which the read has the number that `drift` or `apply` saved here last.

    Whoever wrote that file can only add a number by it, so its origin need not be known.
    """
    tenant = past.current_files.tenant.name
    path = saved_read_file(folder / STATE_FOLDER, tenant)
    if not path.exists():
        return
    try:
        stamp, live = load(path)
        seen_at = datetime.fromisoformat(live.read_at)
    except (InvalidInput, ValueError):
        return
    if stamp.tenant != tenant:
        return
    as_of = Today.at(question.now).as_of
    for list_id in live.lists:
        entry = live.get((list_id, question.number))
        if entry is not None and not (entry.terms.end and entry.terms.end < as_of):
            yield list_id, seen_at


def _unreported_facts(past: Past, number: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Say to which lists runs without a report may have added it, and from which they may have removed it."""
    written: set[str] = set()
    doubts: list[str] = []
    for run in past.unreported_runs:
        written |= {list_id for list_id, phone in run.written | run.overwritten if phone == number}
        removed = sorted(list_id for list_id, phone in run.removed_keys if phone == number)
        doubts += [
            f"a run that left no report (began {run.started_at[:19]}Z) may have removed it from {list_id}"
            for list_id in removed
        ]
    return frozenset(written), tuple(doubts)


def _refusals(newest: StoredReport, number: str) -> Iterator[tuple[str, str]]:
    messages = {
        failure.key[0]: f"{failure.code}: {failure.message}".removesuffix(": ")
        for failure in newest.report.failures
        if failure.key[1] == number and failure.action != "delete"
    }
    for row in newest.report.not_live:
        if number in row.phones:
            messages.setdefault(row.list_id, "")
    yield from messages.items()


def _last_removals(past: Past, number: str, back: int) -> Iterable[Removal]:
    """Find the last removal from each list, among the newest reports."""
    removals: dict[str, Removal] = {}
    for stored_report in islice(past.reports, back):
        if past.ledger is None or not stored_report.report.removed:
            continue
        try:
            changes = parse_number_changes(past.ledger, stored_report, number)
        except BrokenChain:  # the chain's doubts say so
            continue
        for change in changes:
            if change.action == "delete" and change.outcome in _MAY_HAVE_HAPPENED:
                removals.setdefault(
                    change.list_id,
                    Removal(
                        change.list_id,
                        change.reported,
                        change.reason,
                        change.outcome == "applied",
                        _authorization(stored_report, change.list_id, number),
                    ),
                )
    return removals.values()


def _authorization(stored_report: StoredReport, list_id: str, number: str) -> AuthorizationRow | None:
    people = stored_report.report.people
    rows = (people.authorizations if people else None) or ()
    return next((row for row in rows if row.list_id == list_id and number in row.phones), None)
