"""`dnc check --at`: where a number was at a past moment, from reports and stored plans."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.audit.report_files import tenant_of_path
from reconciler.core.model.entries import DeclaredEntries
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.lists.phone_input import read_numbers
from reconciler.use_cases.history.files_at_revision import FilesAtRevision, LineAtRevision
from reconciler.use_cases.history.lookup_answer import Answer
from reconciler.use_cases.history.number_files import newest_revisions
from reconciler.use_cases.history.number_record import stale_read_text, unlisted_row_doubts
from reconciler.use_cases.history.report_walk import (
    ChainWalk,
    NumberChange,
    NumberInReport,
    RunRead,
    has_attempts,
    is_same_list,
    parse_number_changes,
    parse_number_in_report,
)
from reconciler.use_cases.history.run_summary import RunSummary
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.opening import open_ledger, open_project, open_repository


@dataclass(frozen=True, slots=True)
class WantedThen:
    """Why a number was to be live on a list: its lines in files, what kept it without one, and its holds."""

    lines: tuple[LineAtRevision, ...]
    kept: tuple[str, ...] | None
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiveThen:
    """Whether a number was live on a list.

    `left`: whether the run before the moment left it live; `at_moment`: whether it was live at the moment,
    None where runs around it tell different things, or none can tell. `unmanaged`: others had added it.
    `why_not` are CXone's words where it is not live.
    """

    left: bool | None
    at_moment: bool | None
    unmanaged: bool
    terms: Mapping[str, str] | None
    why_not: str


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks into CXone nearest to the moment, before and after it, and what the latter found."""

    before: RunRead | None
    after: RunRead | None
    there_after: bool | None


@dataclass(frozen=True, slots=True)
class ListLookupAt:
    """What is known of the number on one list at the moment.

    `added_by` is the run that put it on; None where it was live when it was first seen. `pending` are lines
    that no run had applied by then, although they had been written, or the person had asked.
    """

    list_id: str
    wanted: WantedThen
    live: LiveThen
    looks: Looks
    added_by: NumberChange | None
    changes: tuple[NumberChange, ...]
    pending: tuple[LineAtRevision, ...] = ()

    @property
    def is_expected(self) -> bool:
        """Tell whether it was to be live here."""
        return bool(self.wanted.lines) or self.wanted.kept is not None

    @property
    def is_on_list(self) -> bool:
        """Tell whether this list said that the number may not be called."""
        live = self.live
        return bool(self.is_expected or live.left or live.at_moment or live.unmanaged or self.pending)


@dataclass(frozen=True, slots=True)
class RecordThen:
    """The runs that tell of the moment.

    `report` is the newest finished at or before the moment; None: the moment is before `first`. `target` is
    its CXone as it is written there. `under_way` is a run that had begun and not ended. `failed` are reports
    between that and the moment that saw nothing. `unread` says why the files of the report's revision can't
    be read.
    """

    report: RunSummary | None = None
    target: Mapping[str, Any] | None = None
    under_way: RunSummary | None = None
    failed: tuple[RunSummary, ...] = ()
    first: RunSummary | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class ChainThen:
    """The chain that the reports are of.

    `head` is its end, `reports` how many were walked from there, each link checked. `purges` are those of
    them that continue the chain after a purge, and explain which links before them do not hold. `unpushed`
    is how many of the chain's reports only this clone has.
    """

    head: RunSummary | None
    reports: int
    purges: tuple[int, ...] = ()
    unpushed: int = 0


@dataclass(frozen=True, slots=True)
class LookupAt:
    """A number at a past moment, on all lists, and the record that says so.

    `holds` are the holds that named the number itself. `doubts` say why it may have been on more lists.
    """

    tenant: str
    number: str
    moment: datetime
    looked_up_at: datetime
    record: RecordThen
    chain: ChainThen
    lists: tuple[ListLookupAt, ...] = ()
    holds: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Tell whether some list was to have it."""
        return any(one.is_expected for one in self.lists)

    @property
    def answer(self) -> Answer:
        """Say what all of it comes to."""
        is_found = bool(self.holds) or any(one.is_on_list for one in self.lists)
        return Answer.of(is_found=is_found, doubts=self.doubts)

    @property
    def is_protected(self) -> bool | None:
        """Tell whether it was listed, and live everywhere it should be; None where nobody can tell."""
        expected_live = [one.live.at_moment for one in self.lists if one.is_expected]
        if self.record.report is None:
            return None
        if not expected_live or False in expected_live:
            return False
        return None if None in expected_live else True


class NumberAtMoment:
    """One number around one moment: the report before it, the first look after it, and the files of both."""

    def __init__(
        self,
        walk: ChainWalk,
        files: FilesAtRevision,
        stored_report: StoredReport,
        newest_commits: Callable[[], Mapping[str, str]],
    ) -> None:
        self._walk = walk
        self._files = files
        self._newest_commits = newest_commits
        self._stored_report = stored_report
        self._number = files.number
        self._number_in_report = parse_number_in_report(walk.ledger, stored_report, files.number)
        self._next_read = walk.next_read(files.number)
        self.read_problem = ""
        self._active = self._active_at(stored_report)
        self._active_next = self._active_at(self._next_read[0]) if self._next_read else DeclaredEntries()

    @property
    def running(self) -> RunSummary | None:
        """The run that had begun to read, or to write before that, at the moment, and not ended."""
        if self._next_read is None or self._next_read[1].read_at is None:
            return None
        stored_report, number_in_report = self._next_read
        early_window = stored_report.report.early_window
        starts = (number_in_report.read_at, *(early_window[:1] if early_window else ()))
        return number_in_report.reported if min(starts) <= self._walk.moment else None

    @property
    def holds(self) -> tuple[str, ...]:
        """The holds that named the number itself."""
        return tuple(hold.matter for hold in self._active.holds if self._number in hold.phones)

    def doubts(self, max_age: timedelta, lists: Iterable[ListLookupAt]) -> Iterator[str]:
        """Say why the number may have been on a list, or on one that `lists` does not name."""
        for one in lists:
            if one.live.at_moment is None:
                yield f"whether {one.list_id} had it at that moment is not known"
        number_in_report, seq = self._number_in_report, self._number_in_report.reported.seq
        if self.read_problem:
            yield f"the files of report {seq} can't be read any more: {self.read_problem}"
        if number_in_report.read_at is None or not number_in_report.is_complete:
            yield f"the run of report {seq} did not read all of CXone"
            return
        yield from unlisted_row_doubts(number_in_report.foreign, number_in_report.unreadable, f"report {seq}")
        if self._next_read and self._next_read[1].is_complete:
            return
        age = self._walk.moment - number_in_report.read_at
        if not number_in_report.reported.is_verified_without_gaps:
            yield f"the run of report {seq} did not verify what it left, and none has looked since"
        elif age > max_age:
            yield f"the read of report {seq} was {stale_read_text(age, max_age)} then"

    def lists(self) -> Iterator[ListLookupAt]:
        """Say what is known, list by list."""
        expected_lists = {file.list_id for file in self._active.files} | self._retained(
            self._stored_report
        ).keys()
        history = tuple(self._history(expected_lists))
        next_report = self._next_read[1] if self._next_read else None
        pending = self._pending_lines()
        names = expected_lists | self._number_in_report.unmanaged | {change.list_id for change in history}
        names |= pending.keys()
        if next_report:
            names |= next_report.unmanaged | {
                change.list_id for change in next_report.changes if change.is_attempted
            }
        for list_id in sorted(names):
            lookup = self._list_lookup(list_id, [change for change in history if change.list_id == list_id])
            yield lookup if lookup.is_expected else replace(lookup, pending=tuple(pending.get(list_id, ())))

    def _pending_lines(self) -> dict[str, list[LineAtRevision]]:
        """Find lines that the run before the moment did not know, and that were written or asked for by then.

        They are those of the next run; where there is none yet, those of the newest commits.
        """
        if self._next_read:
            candidates = [(self._next_read[0].report.revision, self._active_next)]
        else:
            candidates = []
            for revision in dict.fromkeys(self._newest_commits().values()):
                with suppress(RepositoryProblem):
                    active = self._files.active_entries(revision, Today.at(self._walk.moment).as_of)
                    candidates.append((revision, active))
        lines: dict[str, list[LineAtRevision]] = {}
        for revision, active in candidates:
            for list_id in sorted({file.list_id for file in active.files}):
                lines.setdefault(list_id, []).extend(
                    line for line in self._files.lines(revision, active, list_id) if self._was_asked(line)
                )
        return {list_id: found for list_id, found in lines.items() if found}

    def _was_asked(self, line: LineAtRevision) -> bool:
        """Tell whether a line had been written at the moment, or the person had asked for it."""
        requested_on, moment = line.terms.requested_on, self._walk.moment
        if requested_on is not None and requested_on <= Today.at(moment).latest:
            return True
        return line.commit is None or line.commit.when <= moment

    def _active_at(self, stored_report: StoredReport) -> DeclaredEntries:
        report = stored_report.report
        try:
            return self._files.active_entries(report.revision, report.as_of)
        except RepositoryProblem as problem:
            self.read_problem = problem.fact
            return DeclaredEntries()

    def _retained(self, stored_report: StoredReport) -> dict[str, tuple[str, ...]]:
        """Say where a report keeps it without a line, and why."""
        return {
            row.list_id: row.blocked_by for row in stored_report.report.retained if self._number in row.phones
        }

    def _history(self, expected_lists: set[str]) -> Iterator[NumberChange]:
        """Give what runs did to it, newest first, back to the one that put it on every list that has it."""
        yield from (change for change in reversed(self._number_in_report.changes) if change.is_attempted)
        waiting = expected_lists - _lists_added_to(self._number_in_report.changes)
        has_changes = bool(self._number_in_report.changes)
        for stored_report in self._walk.older_reports():
            if not waiting and (expected_lists or has_changes):
                return
            if has_attempts(stored_report):
                changes = parse_number_changes(self._walk.ledger, stored_report, self._number)
                yield from (change for change in reversed(changes) if change.is_attempted)
                waiting -= _lists_added_to(changes)
                has_changes = has_changes or bool(changes)

    def _list_lookup(self, list_id: str, changes: Sequence[NumberChange]) -> ListLookupAt:
        live_after_run = self._is_live_after_run(list_id, changes)
        looks = self._nearest_reads(list_id, changes, live_after_run=live_after_run)
        changed = looks.after is not None and looks.there_after != live_after_run
        applied_changes = [change for change in changes if change.outcome == "applied"]
        lines = self._files.lines(self._stored_report.report.revision, self._active, list_id)
        return ListLookupAt(
            list_id=list_id,
            wanted=WantedThen(
                lines=() if self.read_problem else tuple(lines),
                kept=self._retained(self._stored_report).get(list_id),
                holds=tuple(
                    hold.matter for hold in self._active.holds if hold.covers((list_id, self._number))
                ),
            ),
            live=LiveThen(
                left=live_after_run,
                at_moment=None if self._is_changing(list_id) or changed else live_after_run,
                unmanaged=list_id in self._number_in_report.unmanaged,
                terms=applied_changes[0].after if applied_changes and live_after_run else None,
                why_not=self._failure(list_id),
            ),
            looks=looks,
            added_by=_first_addition(changes),
            changes=tuple(changes),
        )

    def _is_live_after_run(self, list_id: str, changes: Sequence[NumberChange]) -> bool | None:
        """Say whether the run before the moment left it live."""
        run_changes = [
            number_change
            for number_change in changes
            if number_change.reported.seq == self._stored_report.report.seq
            and number_change.direction == "exposing"
        ]
        if any(change.outcome == "unknown" and change.action == "delete" for change in run_changes):
            return None
        if self._is_not_live(self._stored_report, list_id):
            return False
        if (
            self._is_expected(self._stored_report, self._active, list_id)
            or list_id in self._number_in_report.unmanaged
        ):
            return True
        if self.read_problem:  # the files can't say whether it stayed: what was last done to it does
            applied_changes = [change for change in changes if change.outcome == "applied"]
            return applied_changes[0].action != "delete" if applied_changes else None
        return False

    def _nearest_reads(
        self, list_id: str, changes: Sequence[NumberChange], *, live_after_run: bool | None
    ) -> Looks:
        """Give the looks nearest to the moment on both sides, and what the later one found."""
        read_before = (
            self._last_read(self._stored_report, self._number_in_report, changes) if live_after_run else None
        )
        if self._next_read is None or not is_same_list(self._next_read[0], self._stored_report, list_id):
            return Looks(read_before, None, None)
        stored_report, number_in_report = self._next_read
        first_read = RunRead(
            number_in_report.read_at or number_in_report.reported.started_at, number_in_report.reported
        )
        is_present = self._is_in_first_read(stored_report, number_in_report, list_id)
        if first_read.at > self._walk.moment:
            return Looks(read_before, first_read, is_present)
        final_read = _final_read(stored_report, number_in_report)
        if final_read is None or final_read.at <= self._walk.moment:
            return Looks(first_read if is_present else read_before, None, None)
        is_removed = any(
            change.action == "delete" and change.outcome == "applied"
            for change in number_in_report.changes_on(list_id)
        )
        is_expected = (
            self._is_expected(stored_report, self._active_next, list_id)
            or list_id in number_in_report.unmanaged
        )
        left_live = is_expected and not is_removed and not self._is_not_live(stored_report, list_id)
        return Looks(first_read if is_present else read_before, final_read, left_live)

    def _last_read(
        self, stored_report: StoredReport, number_in_report: NumberInReport, changes: Sequence[NumberChange]
    ) -> RunRead | None:
        """Find when it was last seen live: by the run before the moment, at its end or at its start."""
        if end := _final_read(stored_report, number_in_report):
            return end
        was_added = any(
            change.reported.seq == number_in_report.reported.seq and change.action == "create"
            for change in changes
        )
        return (
            RunRead(number_in_report.read_at, number_in_report.reported)
            if number_in_report.read_at and number_in_report.is_complete and not was_added
            else None
        )

    def _is_in_first_read(
        self, stored_report: StoredReport, number_in_report: NumberInReport, list_id: str
    ) -> bool:
        """Tell whether a run's first reading found it: it wants it, and its plan does not create it."""
        rows = list(number_in_report.changes_on(list_id))
        if list_id in number_in_report.unmanaged or any(row.action != "create" for row in rows):
            return True
        return not rows and self._is_expected(stored_report, self._active_next, list_id)

    def _is_changing(self, list_id: str) -> bool:
        """Tell whether a run that put it on or took it off was under way at the moment."""
        if self.running is None or self._next_read is None:
            return False
        return any(
            change.is_attempted and change.action != "update"
            for change in self._next_read[1].changes_on(list_id)
        )

    def _is_expected(self, stored_report: StoredReport, active: DeclaredEntries, list_id: str) -> bool:
        return list_id in self._retained(stored_report) or any(f.list_id == list_id for f in active.files)

    def _is_not_live(self, stored_report: StoredReport, list_id: str) -> bool:
        rows = stored_report.report.not_live
        return any(row.list_id == list_id and self._number in row.phones for row in rows)

    def _failure(self, list_id: str) -> str:
        for row in self._stored_report.report.failures:
            if row.key == (list_id, self._number):
                return f"{row.code}: {row.message}".removesuffix(": ")
        return ""


def _final_read(stored_report: StoredReport, number_in_report: NumberInReport) -> RunRead | None:
    """Say when a run saw what it left, number by number; None where it did not."""
    if not number_in_report.reported.is_verified_without_gaps:
        return None
    read_back = stored_report.report.read_back
    read_at = datetime.fromisoformat(read_back.at) if read_back else number_in_report.read_at
    return RunRead(read_at, number_in_report.reported) if read_at else None


def _lists_added_to(changes: Sequence[NumberChange]) -> set[str]:
    return {change.list_id for change in changes if _is_addition(change)}


def _is_addition(change: NumberChange) -> bool:
    """Tell whether a run put it on anew; what it put back had been on before."""
    return change.outcome == "applied" and change.action == "create" and change.reason != "restored"


def _first_addition(changes: Sequence[NumberChange]) -> NumberChange | None:
    """Find the run that put it on, newest first: what was taken off since began anew, or not at all."""
    for change in changes:
        if change.outcome == "applied" and change.action == "delete":
            return None
        if _is_addition(change):
            return change
    return None


def look_up_at(ctx: CommandContext, text: str, moment: datetime) -> LookupAt:
    """Look a number up at a past moment.

    Raises InvalidInput for a number that can't be read and a moment that has not come, RepositoryProblem
    where there is no repository or its remote does not answer, BrokenChain where the chain does not hold.
    """
    now = ctx.clock()
    if moment > now:
        raise InvalidInput(
            f"{iso(moment)} has not come yet", "name a moment that is past: --at", where="--at"
        )
    repository = open_repository(ctx)
    project = open_project(ctx, repository)
    ledger = open_ledger(project, repository, ctx)
    if repository is None or ledger is None:
        raise RepositoryProblem("this is no git repository", "run this in the clone of the lists")
    tenant = project.tenant(ctx.options.tenant)
    (number,) = read_numbers([text], tenant.region, "nothing was looked up")
    ledger.refresh()
    walk = ChainWalk(ledger, tenant.name, moment)
    if walk.newest is None:
        oldest_later = walk.later_reports[-1] if walk.later_reports else None
        first_report = RunSummary.of(oldest_later) if oldest_later else None
        chain = ChainThen(walk.head, walk.count)
        doubt = "no run had read CXone by then"
        return LookupAt(
            tenant.name, number, moment, now, RecordThen(first=first_report), chain, doubts=(doubt,)
        )
    files = FilesAtRevision(repository, project, tenant, number)
    number_at_moment = NumberAtMoment(
        walk, files, walk.newest, lambda: newest_revisions(ctx, repository, project, tenant)[0]
    )
    lists = tuple(number_at_moment.lists())
    record = RecordThen(
        report=RunSummary.of(walk.newest),
        target=walk.newest.report.fields["target"],
        under_way=number_at_moment.running,
        failed=tuple(RunSummary.of(stored_report) for stored_report in reversed(walk.failed_reports)),
        unread=number_at_moment.read_problem,
    )
    unpushed_paths = ledger.unpushed_reports()
    unpushed = sum(
        tenant_of_path(path, project.configuration.audit.path) == tenant.name for path in unpushed_paths
    )
    chain = ChainThen(walk.head, walk.count, tuple(walk.purges), unpushed)
    max_age = timedelta(hours=project.configuration.saved_reads.max_age_hours)
    doubts = tuple(number_at_moment.doubts(max_age, lists))
    return LookupAt(tenant.name, number, moment, now, record, chain, lists, number_at_moment.holds, doubts)
