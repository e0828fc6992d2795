"""`dnc check`: where a number is listed, since when and by whom, and whether it is live there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.core.model.entries import DeclaredEntries, Key, ProjectedTerms, Terms
from reconciler.core.model.live import Live
from reconciler.core.planning.state import Retained
from reconciler.git.history import Commit
from reconciler.git.repository import Repository
from reconciler.lists.edit.changes import lines_of
from reconciler.lists.phone_input import read_numbers
from reconciler.rules.evaluation import RuleJudge
from reconciler.rules.numbering import head_of
from reconciler.use_cases.reconcile.last_applied import Past, load_past
from reconciler.use_cases.reconcile.report.authors import merge_request_in
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import TenantLists

if TYPE_CHECKING:
    from reconciler.core.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class ListLine:
    """One claim: where it stands, its terms, the rules that concern it, and the commit that brought it."""

    file: str
    line: int
    terms: Terms
    rules: tuple[str, ...]
    commit: Commit | None
    merge_request: str | None


@dataclass(frozen=True, slots=True)
class ListLookup:
    """What is known of the number on one list.

    `live`: as the newest report tells it, or as CXone says; None where neither is known. `entry` is what
    CXone has, where it was asked. `retained` is why it stays without a line. `confirmed_at` is when a run
    last saw it live.
    """

    list_id: str
    lines: tuple[ListLine, ...]
    live: bool | None
    entry: ProjectedTerms | None
    retained: Retained | None
    holds: tuple[str, ...]
    confirmed_at: datetime | None

    @property
    def is_expected(self) -> bool:
        """Tell whether it is to be live here."""
        return bool(self.lines) or self.retained is not None


@dataclass(frozen=True, slots=True)
class Lookup:
    """A number on all lists, and how old that knowledge is. `read_at` is set where CXone was asked."""

    tenant: str
    number: str
    lists: tuple[ListLookup, ...]
    report: str | None
    seq: int | None
    verified: bool
    reported_at: datetime | None
    looked_up_at: datetime
    read_at: str | None

    @property
    def is_listed(self) -> bool:
        """Tell whether some list is to have it."""
        return any(one.is_expected for one in self.lists)

    @property
    def is_protected(self) -> bool:
        """Tell whether it is listed, and live everywhere it should be."""
        return self.is_listed and all(one.live for one in self.lists if one.is_expected)


def look_up(ctx: CommandContext, text: str, *, live: bool) -> Lookup:
    """Look a number up. Raises InvalidInput for one that can't be read."""
    tenant_lists = TenantLists.open(ctx)
    (number,) = read_numbers([text], tenant_lists.tenant.region, "nothing was looked up")
    if not live:
        past = load_past(tenant_lists)
        return _look_up_number(tenant_lists, past, number, None)
    from reconciler.use_cases.reconcile.prepared_plan import prepare_plan  # noqa: PLC0415  (it loads what speaks to CXone)

    with prepare_plan(ctx) as prepared:
        return _look_up_number(
            tenant_lists, prepared.state.last_applied, number, (prepared.state.live, prepared.plan)
        )


def _look_up_number(
    tenant_lists: TenantLists, past: Past, number: str, live_and_plan: "tuple[Live, Plan] | None"
) -> Lookup:
    newest = None if past.has_other_target else past.newest
    list_ids = _lists_of(tenant_lists.lists.declared_entries, past, number)
    if live_and_plan:
        list_ids |= {list_id for list_id, entries in live_and_plan[0].lists.items() if number in entries}
    confirmations = _last_confirmations(past, number, list_ids)
    lists = tuple(
        _list_lookup(tenant_lists, past, (list_id, number), live_and_plan, confirmations)
        for list_id in sorted(list_ids)
    )
    return Lookup(
        tenant=tenant_lists.tenant.name,
        number=number,
        lists=lists,
        report=newest.path if newest else None,
        seq=newest.report.seq if newest else None,
        verified=bool(newest and newest.report.is_verified),
        reported_at=newest.report.finished_at if newest else None,
        looked_up_at=tenant_lists.ctx.clock(),
        read_at=live_and_plan[0].read_at if live_and_plan else None,
    )


def _lists_of(declared_entries: DeclaredEntries, past: Past, number: str) -> set[str]:
    list_ids = {
        file.list_id for file in (*declared_entries.files, *past.last_applied.files) if number in file.numbers
    }
    return list_ids | {list_id for list_id, other in past.last_applied.retained if other == number}


def _list_lookup(
    tenant_lists: TenantLists,
    past: Past,
    key: Key,
    live_and_plan: "tuple[Live, Plan] | None",
    confirmations: Mapping[str, datetime],
) -> ListLookup:
    active = tenant_lists.lists.declared_entries.active_on(tenant_lists.today.as_of)
    lines = tuple(_lines(tenant_lists, past.repository, active, key))
    entry = live_and_plan[0].get(key) if live_and_plan else None
    if live_and_plan:
        weaker = any(key in change.keys for change in live_and_plan[1].changes if not change.is_exposing)
        live: bool | None = entry is not None and not weaker
    else:
        strongest = max((line.terms.strength for line in lines), default=None)
        applied_strengths = [held_entry.terms.strength for held_entry in past.last_applied.entries(key)]
        live = (
            None
            if past.newest is None
            else bool(applied_strengths) and (strongest is None or max(applied_strengths) >= strongest)
        )
    return ListLookup(
        list_id=key[0],
        lines=lines,
        live=live,
        entry=entry.terms if entry else None,
        retained=_retained(past, key, lines, live_and_plan),
        holds=tuple(hold.matter for hold in active.holds if hold.covers(key)),
        confirmed_at=confirmations.get(key[0]),
    )


def _retained(
    past: Past, key: Key, lines: Sequence[ListLine], live_and_plan: "tuple[Live, Plan] | None"
) -> Retained | None:
    """Say what keeps it on the list without a line: today's plan where there is one, else the report."""
    if live_and_plan:
        return live_and_plan[1].target_state.retained.get(key)
    retained = past.last_applied.retained.get(key)
    if retained is None and not lines and (entries := tuple(past.last_applied.entries(key))):
        return Retained(entries, ())  # its line has gone since: the next plan decides
    return None if lines else retained


def _lines(
    tenant_lists: TenantLists, repository: Repository | None, active: DeclaredEntries, key: Key
) -> Iterator[ListLine]:
    data = {source.path: source.data for source in tenant_lists.sources}
    for file in active.files:
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
            _rules(tenant_lists, key[1], terms),
            commit,
            _merge_request(repository, commit) if repository and commit else None,
        )


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
            file.list_id for file in past.declarations_at(report.revision).files if number in file.numbers
        }
        lists_with_number |= {row.list_id for row in report.retained if number in row.phones}
        for list_id in lists_with_number - lists_not_live - confirmations.keys():
            confirmations[list_id] = report.finished_at
    return confirmations
