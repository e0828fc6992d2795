"""`dnc check --at`: where a number was at a past moment, from reports and stored plans."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.core.model.entries import Claims
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.lists.phone_input import read_numbers
from reconciler.use_cases.history.files_at_revision import FilesThen, LineThen
from reconciler.use_cases.history.report_walk import (
    Look,
    Told,
    Touch,
    Walk,
    attempted,
    same_list,
    told_of,
    touches_in,
)
from reconciler.use_cases.history.run_summary import RunSummary
from reconciler.use_cases.workspace.context import CommandContext, iso
from reconciler.use_cases.workspace.opening import open_ledger, open_project, open_repository


@dataclass(frozen=True, slots=True)
class WantedThen:
    """Why a number was to be live on a list: its lines in files, what kept it without one, and its holds."""

    lines: tuple[LineThen, ...]
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

    before: Look | None
    after: Look | None
    there_after: bool | None


@dataclass(frozen=True, slots=True)
class OnListThen:
    """What is known of the number on one list at the moment.

    `on_since` is the run that put it on; None where it was live when it was first seen.
    """

    list_id: str
    wanted: WantedThen
    live: LiveThen
    looks: Looks
    on_since: Touch | None
    touches: tuple[Touch, ...]

    @property
    def is_wanted(self) -> bool:
        """Tell whether it was to be live here."""
        return bool(self.wanted.lines) or self.wanted.kept is not None


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
    them that continue the chain after a purge, and explain which links before them do not hold.
    """

    head: RunSummary | None
    reports: int
    purges: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Then:
    """A number at a past moment, on all lists, and the record that says so."""

    tenant: str
    number: str
    moment: datetime
    asked_at: datetime
    record: RecordThen
    chain: ChainThen
    lists: tuple[OnListThen, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Tell whether some list was to have it."""
        return any(one.is_wanted for one in self.lists)

    @property
    def is_protected(self) -> bool | None:
        """Tell whether it was listed, and live everywhere it should be; None where nobody can tell."""
        wanted = [one.live.at_moment for one in self.lists if one.is_wanted]
        if self.record.report is None:
            return None
        if not wanted or False in wanted:
            return False
        return None if None in wanted else True


class Case:
    """One number around one moment: the report before it, the first look after it, and the files of both."""

    def __init__(self, walk: Walk, files: FilesThen, stored: StoredReport) -> None:
        self._walk = walk
        self._files = files
        self._stored = stored
        self._number = files.number
        self._told = told_of(walk.ledger, stored, files.number)
        self._next = walk.next_look(files.number)
        self.unread = ""
        self._standing = self._standing_at(stored)
        self._standing_next = self._standing_at(self._next[0]) if self._next else Claims()

    @property
    def under_way(self) -> RunSummary | None:
        """The run that had begun to read at the moment, and not ended."""
        told = self._next[1] if self._next else None
        return told.by if told and told.read_at and told.read_at <= self._walk.moment else None

    def lists(self) -> Iterator[OnListThen]:
        """Say what is known, list by list."""
        wanted = {file.list_id for file in self._standing.files} | self._kept(self._stored).keys()
        history = tuple(self._history(wanted))
        later = self._next[1] if self._next else None
        names = wanted | self._told.unmanaged | {touch.list_id for touch in history}
        if later:
            names |= later.unmanaged | {touch.list_id for touch in later.touches if touch.attempted}
        for list_id in sorted(names):
            yield self._on_list(list_id, [touch for touch in history if touch.list_id == list_id])

    def _standing_at(self, stored: StoredReport) -> Claims:
        report = stored.report
        try:
            return self._files.standing(report.revision, report.as_of)
        except RepositoryProblem as problem:
            self.unread = problem.fact
            return Claims()

    def _kept(self, stored: StoredReport) -> dict[str, tuple[str, ...]]:
        """Say where a report keeps it without a line, and why."""
        return {row.list_id: row.blocked_by for row in stored.report.kept if self._number in row.phones}

    def _history(self, wanted: set[str]) -> Iterator[Touch]:
        """Give what runs did to it, newest first, back to the one that put it on every list that has it."""
        yield from (touch for touch in reversed(self._told.touches) if touch.attempted)
        waiting = wanted - _put_on(self._told.touches)
        found = bool(self._told.touches)
        for stored in self._walk.older():
            if not waiting and (wanted or found):
                return
            if attempted(stored):
                touches = touches_in(self._walk.ledger, stored, self._number)
                yield from (touch for touch in reversed(touches) if touch.attempted)
                waiting -= _put_on(touches)
                found = found or bool(touches)

    def _on_list(self, list_id: str, touches: Sequence[Touch]) -> OnListThen:
        left = self._left(list_id, touches)
        looks = self._looks(list_id, touches, left=left)
        changed = looks.after is not None and looks.there_after != left
        applied = [touch for touch in touches if touch.outcome == "applied"]
        lines = self._files.lines(self._stored.report.revision, self._standing, list_id)
        return OnListThen(
            list_id=list_id,
            wanted=WantedThen(
                lines=() if self.unread else tuple(lines),
                kept=self._kept(self._stored).get(list_id),
                holds=tuple(h.matter for h in self._standing.holds if h.names((list_id, self._number))),
            ),
            live=LiveThen(
                left=left,
                at_moment=None if self._changing(list_id) or changed else left,
                unmanaged=list_id in self._told.unmanaged,
                terms=applied[0].after if applied and left else None,
                why_not=self._why_not(list_id),
            ),
            looks=looks,
            on_since=_beginning(touches),
            touches=tuple(touches),
        )

    def _left(self, list_id: str, touches: Sequence[Touch]) -> bool | None:
        """Say whether the run before the moment left it live."""
        own = [t for t in touches if t.by.seq == self._stored.report.seq and t.direction == "exposing"]
        if any(touch.outcome == "unknown" and touch.action == "delete" for touch in own):
            return None
        if self._missing(self._stored, list_id):
            return False
        if self._wanted(self._stored, self._standing, list_id) or list_id in self._told.unmanaged:
            return True
        if self.unread:  # the files can't say whether it stayed: what was last done to it does
            done = [touch for touch in touches if touch.outcome == "applied"]
            return done[0].action != "delete" if done else None
        return False

    def _looks(self, list_id: str, touches: Sequence[Touch], *, left: bool | None) -> Looks:
        """Give the looks nearest to the moment on both sides, and what the later one found."""
        before = self._last_look(self._stored, self._told, touches) if left else None
        if self._next is None or not same_list(self._next[0], self._stored, list_id):
            return Looks(before, None, None)
        stored, told = self._next
        started = Look(told.read_at or told.by.started_at, told.by)
        there = self._found_at_start(stored, told, list_id)
        if started.at > self._walk.moment:
            return Looks(before, started, there)
        ended = _end_look(stored, told)
        if ended is None or ended.at <= self._walk.moment:
            return Looks(started if there else before, None, None)
        gone = any(t.action == "delete" and t.outcome == "applied" for t in told.on(list_id))
        stays = self._wanted(stored, self._standing_next, list_id) or list_id in told.unmanaged
        left_live = stays and not gone and not self._missing(stored, list_id)
        return Looks(started if there else before, ended, left_live)

    def _last_look(self, stored: StoredReport, told: Told, touches: Sequence[Touch]) -> Look | None:
        """Find when it was last seen live: by the run before the moment, at its end or at its start."""
        if end := _end_look(stored, told):
            return end
        put_on = any(t.by.seq == told.by.seq and t.action == "create" for t in touches)
        return Look(told.read_at, told.by) if told.read_at and told.complete and not put_on else None

    def _found_at_start(self, stored: StoredReport, told: Told, list_id: str) -> bool:
        """Tell whether a run's first reading found it: it wants it, and its plan does not create it."""
        rows = list(told.on(list_id))
        if list_id in told.unmanaged or any(row.action != "create" for row in rows):
            return True
        return not rows and self._wanted(stored, self._standing_next, list_id)

    def _changing(self, list_id: str) -> bool:
        """Tell whether a run that put it on or took it off was under way at the moment."""
        if self.under_way is None or self._next is None:
            return False
        return any(t.attempted and t.action != "update" for t in self._next[1].on(list_id))

    def _wanted(self, stored: StoredReport, standing: Claims, list_id: str) -> bool:
        return list_id in self._kept(stored) or any(f.list_id == list_id for f in standing.files)

    def _missing(self, stored: StoredReport, list_id: str) -> bool:
        rows = stored.report.not_live
        return any(row.list_id == list_id and self._number in row.phones for row in rows)

    def _why_not(self, list_id: str) -> str:
        for row in self._stored.report.failures:
            if row.key == (list_id, self._number):
                return f"{row.code}: {row.message}".removesuffix(": ")
        return ""


def _end_look(stored: StoredReport, told: Told) -> Look | None:
    """Say when a run saw what it left, number by number; None where it did not."""
    if not told.by.is_verified_without_gaps:
        return None
    read_back = stored.report.read_back
    at = datetime.fromisoformat(read_back.at) if read_back else told.read_at
    return Look(at, told.by) if at else None


def _put_on(touches: Sequence[Touch]) -> set[str]:
    return {touch.list_id for touch in touches if _puts_on(touch)}


def _puts_on(touch: Touch) -> bool:
    """Tell whether a run put it on anew; what it put back had been on before."""
    return touch.outcome == "applied" and touch.action == "create" and touch.reason != "restored"


def _beginning(touches: Sequence[Touch]) -> Touch | None:
    """Find the run that put it on, newest first: what was taken off since began anew, or not at all."""
    for touch in touches:
        if touch.outcome == "applied" and touch.action == "delete":
            return None
        if _puts_on(touch):
            return touch
    return None


def then(ctx: CommandContext, text: str, moment: datetime) -> Then:
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
    walk = Walk(ledger, tenant.name, moment)
    if walk.newest is None:
        last = walk.later[-1] if walk.later else None
        first = RunSummary.of(last) if last else None
        chain = ChainThen(walk.head, walk.count)
        return Then(tenant.name, number, moment, now, RecordThen(first=first), chain)
    case = Case(walk, FilesThen(repository, project, tenant, number), walk.newest)
    lists = tuple(case.lists())
    record = RecordThen(
        report=RunSummary.of(walk.newest),
        target=walk.newest.report.fields["target"],
        under_way=case.under_way,
        failed=tuple(RunSummary.of(stored) for stored in reversed(walk.failed)),
        unread=case.unread,
    )
    chain = ChainThen(walk.head, walk.count, tuple(walk.purges))
    return Then(tenant.name, number, moment, now, record, chain, lists)
