"""`dnc check`: whether a number may be called by the lists, where it is listed, since when and by whom."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.config.configuration import Tenant, resolve
from reconciler.config.connection_settings import EntriesSettings
from reconciler.core.model.entries import Hold, Key, ProjectedTerms, Terms
from reconciler.core.model.errors import DncError, InvalidInput, RepositoryProblem
from reconciler.core.model.provider import Target
from reconciler.core.planning.state import Retained
from reconciler.git.history import Commit
from reconciler.git.repository import Repository
from reconciler.lists.edit.changes import lines_of
from reconciler.lists.phone_input import read_numbers
from reconciler.rules.evaluation import RuleJudge
from reconciler.rules.numbering import head_of
from reconciler.use_cases.history.lookup_answer import Answer
from reconciler.use_cases.history.number_files import FileFacts, Mention, MentionKind, read_file_facts
from reconciler.use_cases.history.number_record import (
    NumberRecord,
    RecordQuestion,
    Removal,
    read_number_record,
)
from reconciler.use_cases.history.report_walk import RunRead
from reconciler.use_cases.reconcile.last_applied import REPORTS_BACK, Past, load_past
from reconciler.use_cases.reconcile.report.authors import merge_request_in
from reconciler.use_cases.reconcile.unreported_runs import journal_runs
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.opening import open_project
from reconciler.use_cases.workspace.tenant_lists import TenantLists

if TYPE_CHECKING:
    from reconciler.use_cases.history.live_number import LiveNumber


@dataclass(frozen=True, slots=True)
class ListLine:
    """One entry of a file: where it is, its terms, the rules that concern it, and the commit that brought it.

    `is_expired`: its term is over, so it asks for nothing any more.
    """

    file: str
    line: int
    terms: Terms
    rules: tuple[str, ...]
    commit: Commit | None
    merge_request: str | None
    is_expired: bool = False


@dataclass(frozen=True, slots=True)
class RecordOnList:
    """What the record says of the number on one list.

    `confirmed_at` is when a run last saw it live; `unmanaged_at` when it was last seen there without an
    entry of the files. `refusal`: the newest run was to add it and did not see it; CXone's words. A run
    without a report may have `written` it. `removal` is the last one.
    """

    confirmed_at: datetime | None = None
    unmanaged_at: datetime | None = None
    refusal: str | None = None
    is_written: bool = False
    removal: Removal | None = None

    @property
    def is_on_list(self) -> bool:
        """Tell whether the list may have it, although no file names it."""
        return self.unmanaged_at is not None or self.refusal is not None or self.is_written


@dataclass(frozen=True, slots=True)
class ListLookup:
    """What is known of the number on one list.

    `live`: as the newest report tells it, or as CXone says; None where neither is known. `entry` is what
    CXone has, where it was asked. `retained` is why it stays without a line. `expired` are the lines whose
    term is over. `is_removal_due`: the next run removes it. `is_weaker`: it is there, under weaker
    terms than those of the files.
    """

    list_id: str
    lines: tuple[ListLine, ...]
    live: bool | None
    entry: ProjectedTerms | None
    retained: Retained | None
    holds: tuple[str, ...]
    record: RecordOnList = field(default_factory=RecordOnList)
    expired: tuple[ListLine, ...] = ()
    is_removal_due: bool = False
    is_weaker: bool = False

    @property
    def is_expected(self) -> bool:
        """Tell whether it is to be live here."""
        return bool(self.lines) or self.retained is not None

    @property
    def is_unseen(self) -> bool:
        """Tell whether it is live by CXone's answer to a write alone: no run, and no read of now, saw it."""
        was_seen = self.record.confirmed_at or self.record.unmanaged_at or self.entry
        return bool(self.live) and not was_seen

    @property
    def is_on_list(self) -> bool:
        """Tell whether this list says that the number may not be called."""
        return self.is_expected or bool(self.live) or self.record.is_on_list


@dataclass(frozen=True, slots=True)
class LookupBasis:
    """What a look-up goes by, and how old that is.

    `report` to `reported_at` are of the newest report, `read` is the newest read of CXone that was verified.
    `read_at` is set where CXone was asked. `is_unpushed`: the report is only in this clone.
    `reports_looked_at`: how many of the newest were looked at for the last confirmation; None: all.
    """

    looked_up_at: datetime
    report: str | None = None
    seq: int | None = None
    verified: bool = False
    reported_at: datetime | None = None
    is_unpushed: bool = False
    read: RunRead | None = None
    read_at: str | None = None
    reports_looked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """A number on all lists of a tenant, where else files name it, and why it may be on more lists.

    `failure` is why CXone could not be asked, although it was to be.
    """

    tenant: str
    number: str
    lists: tuple[ListLookup, ...]
    basis: LookupBasis
    mentions: tuple[Mention, ...] = ()
    doubts: tuple[str, ...] = ()
    is_tenant_named: bool = False
    failure: DncError | None = None

    @property
    def is_listed(self) -> bool:
        """Tell whether some list is to have it."""
        return any(one.is_expected for one in self.lists)

    @property
    def is_protected(self) -> bool:
        """Tell whether it is listed, and live everywhere it should be."""
        return self.is_listed and all(one.live for one in self.lists if one.is_expected)

    @property
    def answer(self) -> Answer:
        """Say what all of it comes to. Another tenant's list counts unless one tenant was asked about."""
        mentions = [
            mention
            for mention in self.mentions
            if mention.kind is not MentionKind.OTHER_TENANT or not self.is_tenant_named
        ]
        is_found = bool(mentions) or any(one.is_on_list for one in self.lists)
        return Answer.of(is_found=is_found, doubts=self.doubts)


def look_up(ctx: CommandContext, text: str, *, live: bool) -> Lookup:
    """Look a number up. Raises InvalidInput for one that can't be read.

    Where CXone is to be asked and cannot be, the answer is that of the record, in doubt, with the error.
    Where a list file cannot be opened, nothing is known.
    """
    try:
        tenant_lists = TenantLists.open(ctx)
    except InvalidInput as error:
        return _unread_lookup(ctx, text, error)
    (number,) = read_numbers([text], tenant_lists.tenant.region, "nothing was looked up")
    if not live:
        return _NumberLookup(tenant_lists, _load_past(tenant_lists), number).lookup()
    from reconciler.use_cases.history.live_number import open_live_number  # noqa: PLC0415  (it loads what speaks to CXone)

    try:
        with open_live_number(ctx, number) as (past, live_number):
            return _NumberLookup(tenant_lists, past, number, live_number).lookup()
    except DncError as error:
        offline = _NumberLookup(tenant_lists, _load_past(tenant_lists), number).lookup()
        doubt = f"CXone could not be asked: {error.fact}"
        return replace(offline, doubts=(doubt, *offline.doubts), failure=error)


def _unread_lookup(ctx: CommandContext, text: str, error: InvalidInput) -> Lookup:
    """Say that a file cannot be read. Raises InvalidInput where the configuration cannot, either."""
    tenant = open_project(ctx, None).tenant(ctx.options.tenant)
    (number,) = read_numbers([text], tenant.region, "nothing was looked up")
    doubt = f"{error.where}: {error.fact}" if error.where else error.fact
    return Lookup(tenant.name, number, (), LookupBasis(ctx.clock()), doubts=(doubt,), failure=error)


def _load_past(tenant_lists: TenantLists) -> Past:
    past = load_past(tenant_lists)
    runs = journal_runs(past.repository, tenant_lists.project, tenant_lists.tenant, tenant_lists.ctx)
    return replace(past, journal_runs=runs)


class _NumberLookup:
    """One look-up under way: what it goes by, and what it finds list by list."""

    def __init__(
        self, tenant_lists: TenantLists, past: Past, number: str, live_number: "LiveNumber | None" = None
    ) -> None:
        self._lists = tenant_lists
        self._number = number
        self._live = live_number
        self._doubts: list[str] = []
        try:
            _ = past.last_applied
        except RepositoryProblem as problem:  # the revision of the newest report is gone
            self._doubts.append(problem.fact)
            past = replace(past, ledger=None)
        self._past = past
        self._as_of = tenant_lists.today.as_of
        self._read_at = tenant_lists.ctx.clock()

    def lookup(self) -> Lookup:
        """Look at the record, then at every list that it or a file names, then at the rest of the files."""
        past, record = self._past, self._record()
        list_ids = (
            self._declared_list_ids() | record.list_ids | set(self._live.list_ids if self._live else ())
        )
        confirmations = _last_confirmations(past, self._number, list_ids)
        lists = tuple(
            self._list_lookup((list_id, self._number), record, confirmations.get(list_id))
            for list_id in sorted(list_ids)
        )
        facts = self._file_facts(lists)
        newest = None if past.has_other_target else past.newest
        unpushed = past.ledger.unpushed_reports() if past.ledger and newest else []
        basis = LookupBasis(
            looked_up_at=self._read_at,
            report=newest.path if newest else None,
            seq=newest.report.seq if newest else None,
            verified=bool(newest and newest.report.is_verified),
            reported_at=newest.report.finished_at if newest else None,
            is_unpushed=bool(newest and newest.path in unpushed),
            read=record.read,
            read_at=self._live.read_at if self._live else None,
            reports_looked_at=REPORTS_BACK if newest and newest.report.seq > REPORTS_BACK else None,
        )
        doubts = (*self._doubts, *self._record_doubts(record), *facts.doubts)
        return Lookup(
            tenant=self._lists.tenant.name,
            number=self._number,
            lists=lists,
            basis=basis,
            mentions=facts.mentions,
            doubts=tuple(dict.fromkeys(doubts)),
            is_tenant_named=self._lists.ctx.options.tenant is not None,
        )

    def _record(self) -> NumberRecord:
        declared, applied = self._lists.lists.declared_entries, self._past.last_applied
        may_be_removed = any(
            phone == self._number
            for releases in (declared.releases, applied.releases)
            for _, phone in releases
        ) or any(self._number in file.numbers for file in declared.files)
        question = RecordQuestion(
            self._number,
            self._read_at,
            timedelta(hours=self._lists.project.configuration.saved_reads.max_age_hours),
            may_be_removed,
        )
        return read_number_record(self._past, question, self._lists.ctx.folder)

    def _record_doubts(self, record: NumberRecord) -> tuple[str, ...]:
        """Say what of the record is in doubt. Where CXone was asked, only what that read leaves open."""
        if self._live is None:
            return (*self._target_doubts(), *record.doubts)
        chain = self._past.ledger.doubts(self._lists.tenant.name) if self._past.ledger else ()
        missing = () if self._past.ledger else ("the audit reports could not be read",)
        return (*self._live.doubts, *missing, *(doubt.fact for doubt in chain))

    def _target_doubts(self) -> Iterator[str]:
        target, newest = configured_target(self._lists.tenant, self._lists.ctx.environ), self._past.newest
        if target and newest and not newest.report.is_of_target(target):
            yield f"report {newest.report.seq} is of another CXone than dnc.yaml names now"

    def _declared_list_ids(self) -> set[str]:
        """Name the lists that have it by the files or by what was last applied; in files also expired."""
        applied = self._past.last_applied
        files = (*self._lists.lists.declared_entries.files, *applied.files)
        list_ids = {file.list_id for file in files if self._number in file.numbers}
        return list_ids | {list_id for list_id, phone in applied.retained if phone == self._number}

    def _file_facts(self, lists: Iterable[ListLookup]) -> FileFacts:
        """Look for it in other files, where no list has it by now."""
        if any(one.is_on_list for one in lists):
            return FileFacts()
        return read_file_facts(self._lists, self._past.repository, self._number, self._naming_holds())

    def _naming_holds(self) -> Iterator[tuple[str, str]]:
        declared = self._lists.lists.declared_entries.active_on(self._as_of).holds
        for hold in dict.fromkeys((*declared, *self._past.last_applied.holds)):
            if self._number in hold.phones and hold.is_active(self._as_of):
                yield hold.matter, hold.path

    def _list_lookup(self, key: Key, record: NumberRecord, confirmed_at: datetime | None) -> ListLookup:
        every_line = tuple(self._lines(key))
        lines = tuple(line for line in every_line if not line.is_expired)
        retained = self._retained(key, lines)
        live = self._is_live(key, lines)
        is_expected = bool(lines) or retained is not None
        unmanaged_at = record.unmanaged.get(key[0])
        if self._live is not None:
            seen_at = datetime.fromisoformat(self._live.read_at)
            unmanaged_at = seen_at if key[0] in self._live.unmanaged else None
        return ListLookup(
            list_id=key[0],
            lines=lines,
            live=live or bool(unmanaged_at and not is_expected) if live is not None else live,
            entry=self._live.entries.get(key[0]) if self._live else None,
            retained=retained,
            holds=tuple(hold.matter for hold in self._holds() if hold.covers(key)),
            record=RecordOnList(
                confirmed_at=confirmed_at,
                unmanaged_at=None if is_expected and live is not False else unmanaged_at,
                refusal=None if self._live and live else record.refused.get(key[0]),
                is_written=key[0] in record.written and self._live is None,
                removal=None if is_expected else record.removals.get(key[0]),
            ),
            expired=tuple(line for line in every_line if line.is_expired),
            is_removal_due=self._live is not None and key[0] in self._live.removals_due,
            is_weaker=live is False and self._is_present(key),
        )

    def _holds(self) -> tuple[Hold, ...]:
        return self._lists.lists.declared_entries.active_on(self._as_of).holds

    def _is_live(self, key: Key, lines: Iterable[ListLine]) -> bool | None:
        if self._live is not None:
            return key[0] in self._live.entries and key[0] not in self._live.weaker
        if self._past.newest is None or self._past.has_other_target:
            return None
        strongest = max((line.terms.strength for line in lines), default=None)
        applied = [entry.terms.strength for entry in self._past.last_applied.entries(key)]
        return bool(applied) and (strongest is None or max(applied) >= strongest)

    def _is_present(self, key: Key) -> bool:
        """Tell whether CXone has it, under whichever terms, or had it after the last run."""
        if self._live is not None:
            return key[0] in self._live.entries
        return any(True for _ in self._past.last_applied.entries(key))

    def _retained(self, key: Key, lines: tuple[ListLine, ...]) -> Retained | None:
        """Say what keeps it on the list without a line: today's plan where there is one, else the report."""
        if self._live is not None:
            return self._live.retained.get(key[0])
        if lines:
            return None
        retained = self._past.last_applied.retained.get(key)
        if retained is None and (entries := tuple(self._past.last_applied.entries(key))):
            return Retained(entries, ())  # its line has gone since, or its term is over: the next run decides
        return retained

    def _lines(self, key: Key) -> Iterator[ListLine]:
        data = {source.path: source.data for source in self._lists.sources}
        repository = self._past.repository
        for file in self._lists.lists.declared_entries.files:
            if file.list_id != key[0] or key[1] not in file.numbers:
                continue
            terms = file.numbers[key[1]]
            commit = (
                repository.introducing_commit(file.path, key[1]) if repository and repository.head() else None
            )
            yield ListLine(
                file.path,
                lines_of(file.path, data[file.path], [key[1]]).get(key[1], 0),
                terms,
                _rules(self._lists, key[1], terms),
                commit,
                _merge_request(repository, commit) if repository and commit else None,
                terms.is_expired(self._as_of),
            )


def configured_target(tenant: Tenant, environ: Mapping[str, str]) -> Target | None:
    """Give the CXone that dnc.yaml names now; None where only CXone itself, or a variable, would tell."""
    settings = tenant.connection
    if (
        tenant.embedded
        or not isinstance(settings, EntriesSettings)
        or not set(tenant.variables) <= environ.keys()
    ):
        return None
    try:
        resolved = resolve(tenant, environ, credentials=False).connection
    except InvalidInput:
        return None
    return resolved.target if isinstance(resolved, EntriesSettings) else None


def _rules(tenant_lists: TenantLists, number: str, terms: Terms) -> tuple[str, ...]:
    """Name the rules that such an entry for such a number can fail."""
    fields: dict[str, object] = {
        "reasonCode": terms.reason_code.value,
        "expirationPolicy": terms.expiration_policy.value,
        "source": terms.source,
    }
    fields |= {"end": terms.end.isoformat()} if terms.end else {}
    fields |= {"requestedOn": terms.requested_on.isoformat()} if terms.requested_on else {}
    fields |= {"jurisdiction": terms.jurisdiction} if terms.jurisdiction else {}
    judge = RuleJudge(tenant_lists.project.rules.regulations, tenant_lists.today.as_of)
    heads = frozenset({head_of(number)})
    return tuple(sorted(rule.id for rule in judge.entry_rules if judge.concerned_heads(rule, fields, heads)))


def _merge_request(repository: Repository, commit: Commit) -> str | None:
    """Name the merge request of a commit, by the merge that brought it."""
    merge = repository.merge_bringing(commit.sha)
    return merge_request_in(merge.message if merge else commit.message)


def _last_confirmations(past: Past, number: str, list_ids: set[str]) -> dict[str, datetime]:
    """Say when a run last saw the number live, list by list; the last reports are looked at."""
    confirmations: dict[str, datetime] = {}
    for stored_report in past.recent_verified:
        if list_ids <= confirmations.keys():
            break
        report = stored_report.report
        lists_not_live = {row.list_id for row in report.not_live if number in row.phones}
        lists_with_number = {
            file.list_id
            for file in past.declarations_at(report.revision).files
            if number in file.numbers and not file.numbers[number].is_expired(report.as_of)
        }
        lists_with_number |= {row.list_id for row in report.retained if number in row.phones}
        for list_id in lists_with_number - lists_not_live - confirmations.keys():
            confirmations[list_id] = report.finished_at
    return confirmations
